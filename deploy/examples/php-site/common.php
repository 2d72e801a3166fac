<?php
// Where the site's state is: nothing on the web host itself, so that any of them may die.
declare(strict_types=1);

/** The Redis that leads now; the Sentinels know. */
function redis(): Redis
{
    static $redis = null;
    if ($redis !== null) {
        return $redis;
    }
    foreach (explode(',', getenv('REDIS_SENTINELS')) as $address) {
        [$host, $port] = explode(':', $address);
        try {
            $sentinel = new RedisSentinel($host, (int) $port, 0.3);
            $leader = $sentinel->getMasterAddrByName('stoa');
            if (!$leader) {
                continue;
            }
            $redis = new Redis();
            $redis->connect($leader[0], (int) $leader[1], 0.5, null, 0, 1.0);
            $redis->auth(getenv('REDIS_PASSWORD'));
            return $redis;
        } catch (RedisException) {
            $redis = null;
        }
    }
    throw new RuntimeException('no Redis leads');
}

/** To whoever takes writes, or to a replica. */
function database(bool $write): PDO
{
    $port = $write ? 3306 : 3307;
    return new PDO(
        sprintf('mysql:host=%s;port=%d;dbname=stoa;charset=utf8mb4', getenv('DB_HOST'), $port),
        'stoa',
        getenv('DB_PASSWORD'),
        [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_TIMEOUT => 3],
    );
}

/** PHP's own session functions, kept in Redis. Without Redis a visitor is a new one; the page still works. */
final class RedisSessions implements SessionHandlerInterface, SessionUpdateTimestampHandlerInterface
{
    private const SECONDS = 86400;

    public function open(string $path, string $name): bool { return true; }
    public function close(): bool { return true; }
    public function read(string $id): string|false
    {
        try {
            return (string) redis()->get("php-session:$id");
        } catch (Throwable) {
            return '';
        }
    }
    public function write(string $id, string $data): bool
    {
        try {
            return (bool) redis()->setex("php-session:$id", self::SECONDS, $data);
        } catch (Throwable) {
            return true;
        }
    }
    public function destroy(string $id): bool
    {
        try {
            redis()->del("php-session:$id");
        } catch (Throwable) {
        }
        return true;
    }
    /** Only sessions that we made: nobody can choose another visitor's number. */
    public function validateId(string $id): bool
    {
        try {
            return redis()->exists("php-session:$id") === 1;
        } catch (Throwable) {
            return true;
        }
    }
    public function updateTimestamp(string $id, string $data): bool { return $this->write($id, $data); }
    public function gc(int $max_lifetime): int|false { return 0; }
}

/** Tries again while the database's primary changes; each try is a new connection. */
function with_database(bool $write, callable $work): mixed
{
    $end = microtime(true) + 12;
    for (;;) {
        try {
            return $work(database($write));
        } catch (PDOException $error) {
            if (microtime(true) > $end) {
                throw $error;
            }
            usleep(200_000);
        }
    }
}
