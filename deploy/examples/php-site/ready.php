<?php
// Whether this host may have visitors: PHP works, and the database answers. Redis and files may be away for a while
// without turning visitors off everywhere at once.
declare(strict_types=1);
require __DIR__ . '/common.php';

header('Content-Type: text/plain');
header('X-Stoa-Version: 1');  // as in the cluster's description: a host that says another gets no visitors
header('Cache-Control: no-store');
try {
    database(true)->query('SELECT 1');
    echo "ready\n";
} catch (Throwable) {
    http_response_code(503);
    echo "the database does not answer\n";
}
