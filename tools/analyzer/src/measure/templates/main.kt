// Measures a slow and a fast way of doing the same.
@file:Suppress("UNCHECKED_CAST")

@@IMPORTS@@

@@SETUP@@

object Slow {
@@SLOW@@
}

object Fast {
@@FAST@@
}

@Volatile
var kept: Any? = null

// Each side has timing code of its own, so that what the compiler learns of one does not change the other.
fun timeSlow(input: Any, calls: Long): Long {
    var last: Any?
    val begin = System.nanoTime()
    for (call in 0 until calls) {
        last = Slow.run(input)
        kept = last
    }
    return System.nanoTime() - begin
}

fun timeFast(input: Any, calls: Long): Long {
    var last: Any?
    val begin = System.nanoTime()
    for (call in 0 until calls) {
        last = Fast.run(input)
        kept = last
    }
    return System.nanoTime() - begin
}

fun slowCalls(input: Any, sampleNs: Long, warmNs: Long): Long {
    var calls = 1L
    val begin = System.nanoTime()
    while (true) {
        if (timeSlow(input, calls) < sampleNs) {
            calls *= 2
        } else if (System.nanoTime() - begin >= warmNs) {
            return calls
        }
    }
}

fun fastCalls(input: Any, sampleNs: Long, warmNs: Long): Long {
    var calls = 1L
    val begin = System.nanoTime()
    while (true) {
        if (timeFast(input, calls) < sampleNs) {
            calls *= 2
        } else if (System.nanoTime() - begin >= warmNs) {
            return calls
        }
    }
}

fun quoted(value: Any?): String {
    val text = value.toString().replace(Regex("[^ -~]|[\"\\\\]"), "?")
    return "\"" + text.take(200) + "\""
}

fun check(input: Any) {
    val slow = Slow.run(input)
    val fast = Fast.run(input)
    if (java.util.Objects.deepEquals(slow, fast)) return
    println("{\"slow\":" + quoted(slow) + ",\"fast\":" + quoted(fast) + "}")
    System.exit(0)
}

fun main(arguments: Array<String>) {
    val order = arguments[1]
    val sampleNs = arguments[2].toLong()
    val warmNs = arguments[3].toLong()
    val limitNs = arguments[4].toLong()
    val input = setup(arguments[0].toInt())
    check(input)
    val slowCalls = slowCalls(input, sampleNs, warmNs)
    val fastCalls = fastCalls(input, sampleNs, warmNs)
    val begin = System.nanoTime()
    for (done in order.indices) {
        if (done >= 2 && System.nanoTime() - begin > limitNs) break
        val slow: Long
        val fast: Long
        if (order[done] == 's') {
            slow = timeSlow(input, slowCalls)
            fast = timeFast(input, fastCalls)
        } else {
            fast = timeFast(input, fastCalls)
            slow = timeSlow(input, slowCalls)
        }
        println("{\"slow_ns\":" + slow.toDouble() / slowCalls + ",\"fast_ns\":" + fast.toDouble() / fastCalls + "}")
    }
    check(input)
}
