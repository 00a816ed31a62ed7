# Measures a slow and a fast way of doing the same.
require 'json'
require 'set'

class Setup
@@SETUP@@
end

class Slow < Setup
@@SLOW@@
end

class Fast < Setup
@@FAST@@
end

module Measuring
  def self.now = Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond)

  def self.slow(input, calls)
    side = SLOW
    began = now
    calls.times { side.run(input) }
    now - began
  end

  def self.fast(input, calls)
    side = FAST
    began = now
    calls.times { side.run(input) }
    now - began
  end

  def self.calls_per_sample(side, input, sample_ns, warm_ns)
    calls = 1
    began = now
    loop do
      if public_send(side, input, calls) < sample_ns
        calls *= 2
      elsif now - began >= warm_ns
        return calls
      end
    end
  end

  def self.check(input)
    slow = SLOW.run(input)
    fast = FAST.run(input)
    return if slow == fast

    puts JSON.generate(slow: slow.inspect[0, 200].scrub('?'), fast: fast.inspect[0, 200].scrub('?'))
    exit
  end

  def self.measure(n, order, sample_ns, warm_ns, limit_ns)
    input = Setup.new.setup(n)
    check(input)
    calls = {
      slow: calls_per_sample(:slow, input, sample_ns, warm_ns),
      fast: calls_per_sample(:fast, input, sample_ns, warm_ns)
    }
    began = now
    order.each_char.with_index do |first, done|
      break if done >= 2 && now - began > limit_ns

      GC.start
      took = {}
      (first == 's' ? %i[slow fast] : %i[fast slow]).each do |side|
        took["#{side}_ns"] = public_send(side, input, calls[side]).to_f / calls[side]
      end
      puts JSON.generate(took)
      $stdout.flush
    end
    check(input)
  end

  SLOW = Slow.new
  FAST = Fast.new
end

Measuring.measure(Integer(ARGV[0]), ARGV[1], *ARGV[2, 3].map { |text| Integer(text) })
