<?php
// Measures a slow and a fast way of doing the same. Functions cannot be declared twice, so those of a side have its name in front.

@@SETUP@@

@@SLOW@@

@@FAST@@

function measuring_slow($input, int $calls): int
{
    $begin = hrtime(true);
    for ($call = 0; $call < $calls; $call++) {
        $kept = slow_run($input);
    }
    return hrtime(true) - $begin;
}

function measuring_fast($input, int $calls): int
{
    $begin = hrtime(true);
    for ($call = 0; $call < $calls; $call++) {
        $kept = fast_run($input);
    }
    return hrtime(true) - $begin;
}

function measuring_calls(callable $side, $input, int $sample, int $warm): int
{
    $calls = 1;
    $begin = hrtime(true);
    while (true) {
        if ($side($input, $calls) < $sample) {
            $calls *= 2;
        } elseif (hrtime(true) - $begin >= $warm) {
            return $calls;
        }
    }
}

function measuring_check($input): void
{
    $slow = slow_run($input);
    $fast = fast_run($input);
    if ($slow === $fast || (is_object($slow) && $slow == $fast)) {
        return;
    }
    $shown = fn($value) => substr(json_encode($value, JSON_PARTIAL_OUTPUT_ON_ERROR | JSON_INVALID_UTF8_SUBSTITUTE), 0, 200);
    echo json_encode(['slow' => $shown($slow), 'fast' => $shown($fast)], JSON_INVALID_UTF8_SUBSTITUTE), "\n";
    exit;
}

function measuring(int $n, string $order, int $sample, int $warm, int $limit): void
{
    $input = setup($n);
    measuring_check($input);
    $slowCalls = measuring_calls('measuring_slow', $input, $sample, $warm);
    $fastCalls = measuring_calls('measuring_fast', $input, $sample, $warm);
    $begin = hrtime(true);
    foreach (str_split($order) as $done => $first) {
        if ($done >= 2 && hrtime(true) - $begin > $limit) {
            break;
        }
        if ($first === 's') {
            $slow = measuring_slow($input, $slowCalls);
            $fast = measuring_fast($input, $fastCalls);
        } else {
            $fast = measuring_fast($input, $fastCalls);
            $slow = measuring_slow($input, $slowCalls);
        }
        echo json_encode(['slow_ns' => $slow / $slowCalls, 'fast_ns' => $fast / $fastCalls]), "\n";
    }
    measuring_check($input);
}

measuring((int) $argv[1], $argv[2], (int) $argv[3], (int) $argv[4], (int) $argv[5]);
