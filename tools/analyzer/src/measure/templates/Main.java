import java.io.*;
import java.nio.charset.*;
import java.nio.file.*;
import java.text.*;
import java.time.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import java.util.function.*;
import java.util.regex.*;
import java.util.stream.*;
@@IMPORTS@@

/** Measures a slow and a fast way of doing the same. */
@SuppressWarnings({"unchecked", "rawtypes", "deprecation", "removal"})
public class Main {
    static class Setup {
@@SETUP@@
    }

    static class Slow extends Setup {
@@SLOW@@
    }

    static class Fast extends Setup {
@@FAST@@
    }

    static volatile Object kept;
    static long sampleNs, warmNs, limitNs;

    public static void main(String[] arguments) throws Exception {
        int n = Integer.parseInt(arguments[0]);
        String order = arguments[1];
        sampleNs = Long.parseLong(arguments[2]);
        warmNs = Long.parseLong(arguments[3]);
        limitNs = Long.parseLong(arguments[4]);
        Object input = Setup.setup(n);
        check(input);
        long slowCalls = slowCalls(input), fastCalls = fastCalls(input);
        long begin = System.nanoTime();
        for (int done = 0; done < order.length(); done++) {
            if (done >= 2 && System.nanoTime() - begin > limitNs) {
                break;
            }
            long slow, fast;
            if (order.charAt(done) == 's') {
                slow = slow(input, slowCalls);
                fast = fast(input, fastCalls);
            } else {
                fast = fast(input, fastCalls);
                slow = slow(input, slowCalls);
            }
            System.out.println("{\"slow_ns\":" + (double) slow / slowCalls + ",\"fast_ns\":" + (double) fast / fastCalls + "}");
        }
        check(input);
    }

    // Each side has timing code of its own, so that what the compiler learns of one does not change the other.
    static long slow(Object input, long calls) throws Exception {
        Object last = null;
        long begin = System.nanoTime();
        for (long call = 0; call < calls; call++) {
            last = Slow.run(input);
            kept = last;
        }
        return System.nanoTime() - begin;
    }

    static long fast(Object input, long calls) throws Exception {
        Object last = null;
        long begin = System.nanoTime();
        for (long call = 0; call < calls; call++) {
            last = Fast.run(input);
            kept = last;
        }
        return System.nanoTime() - begin;
    }

    static long slowCalls(Object input) throws Exception {
        long calls = 1, begin = System.nanoTime();
        while (true) {
            if (slow(input, calls) < sampleNs) {
                calls *= 2;
            } else if (System.nanoTime() - begin >= warmNs) {
                return calls;
            }
        }
    }

    static long fastCalls(Object input) throws Exception {
        long calls = 1, begin = System.nanoTime();
        while (true) {
            if (fast(input, calls) < sampleNs) {
                calls *= 2;
            } else if (System.nanoTime() - begin >= warmNs) {
                return calls;
            }
        }
    }

    static void check(Object input) throws Exception {
        Object slow = Slow.run(input), fast = Fast.run(input);
        boolean texts = slow instanceof CharSequence && fast instanceof CharSequence;
        if (texts ? slow.toString().contentEquals((CharSequence) fast) : Objects.deepEquals(slow, fast)) {
            return;
        }
        System.out.println("{\"slow\":" + quoted(slow) + ",\"fast\":" + quoted(fast) + "}");
        System.exit(0);
    }

    static String quoted(Object value) {
        String text = String.valueOf(value).replaceAll("[^ -~]|[\"\\\\]", "?");
        return '"' + text.substring(0, Math.min(text.length(), 200)) + '"';
    }
}
