<?php
// A guest book: a session, a table, uploads. GET shows it as JSON, POST adds to it.
//
// POST with a header Idempotency-Key, or the balancer's X-Request-ID, is done once: the key is a column with a unique
// index, written in the same transaction. An application that does this may set retry_writes = true in its description.
declare(strict_types=1);
require __DIR__ . '/common.php';

session_set_save_handler(new RedisSessions(), true);
session_name('site');
session_start(['cookie_httponly' => true, 'cookie_samesite' => 'Lax', 'use_strict_mode' => true]);
$_SESSION['visits'] = ($_SESSION['visits'] ?? 0) + 1;
header('Content-Type: application/json');
header('Cache-Control: no-store');

const TABLE = 'CREATE TABLE IF NOT EXISTS guests (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(100) NOT NULL,
    request VARCHAR(100) NOT NULL UNIQUE, file VARCHAR(64)) ENGINE=InnoDB';

try {
    if ($_SERVER['REQUEST_METHOD'] === 'POST') {
        $request = substr($_SERVER['HTTP_IDEMPOTENCY_KEY'] ?? $_SERVER['HTTP_X_REQUEST_ID'] ?? bin2hex(random_bytes(16)), 0, 100);
        $name = preg_match('/^.{1,100}/su', (string) ($_POST['name'] ?? ''), $found) ? $found[0] : 'somebody';
        $file = null;
        if (isset($_FILES['file']) && $_FILES['file']['error'] === UPLOAD_ERR_OK) {
            $file = hash_file('sha256', $_FILES['file']['tmp_name']);
            $folder = getenv('UPLOADS');
            @mkdir($folder, 0700, true);
            copy($_FILES['file']['tmp_name'], "$folder/$file.part");  // complete before it has its name
            rename("$folder/$file.part", "$folder/$file");
        }
        with_database(true, function (PDO $db) use ($name, $request, $file): void {
            $db->exec(TABLE);
            $db->prepare('INSERT IGNORE INTO guests (name, request, file) VALUES (?, ?, ?)')->execute([$name, $request, $file]);
        });
        http_response_code(201);
        echo json_encode(['added' => $name, 'request' => $request, 'file' => $file]), "\n";
        exit;
    }
    if (isset($_GET['file'])) {
        $path = getenv('UPLOADS') . '/' . preg_replace('/[^0-9a-f]/', '', $_GET['file']);
        if (!is_file($path)) {
            http_response_code(404);
            exit('{"error":"no such file"}');
        }
        header('Content-Type: application/octet-stream');
        readfile($path);
        exit;
    }
    $guests = with_database(true, function (PDO $db): array {
        $db->exec(TABLE);
        return $db->query('SELECT id, name, file FROM guests ORDER BY id DESC LIMIT 50')->fetchAll(PDO::FETCH_ASSOC);
    });
    echo json_encode(['visits' => $_SESSION['visits'], 'host' => getenv('WEB_HOST'), 'guests' => $guests]), "\n";
} catch (Throwable $error) {
    error_log($error->getMessage());
    http_response_code(503);
    header('Retry-After: 2');
    echo '{"error":"the site is busy, please try again"}', "\n";
}
