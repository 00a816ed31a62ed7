// Measures a slow and a fast way of doing the same.
#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <queue>
#include <random>
#include <regex>
#include <set>
#include <span>
#include <sstream>
#include <stack>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>
@@IMPORTS@@

@@SETUP@@

namespace slow {
@@SLOW@@
}

namespace fast {
@@FAST@@
}

namespace measuring {

using Clock = std::chrono::steady_clock;

static double since(Clock::time_point begin) {
    return static_cast<double>(std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin).count());
}

// What may be read or written behind the compiler's back must be there.
template <typename T>
static void keep(T &value) {
    asm volatile("" : : "g"(std::addressof(value)) : "memory");
}

template <typename Run>
static double time(Run run, Input &input, long calls) {
    auto begin = Clock::now();
    for (long call = 0; call < calls; call++) {
        keep(input);
        auto result = run(input);
        keep(result);
    }
    return since(begin);
}

template <typename Run>
static long calls_per_sample(Run run, Input &input, double sample, double warm) {
    long calls = 1;
    auto begin = Clock::now();
    for (;;) {
        if (time(run, input, calls) < sample) {
            calls *= 2;
        } else if (since(begin) >= warm) {
            return calls;
        }
    }
}

static void check(const Input &input) {
    if (slow::run(input) == fast::run(input)) {
        return;
    }
    std::puts("{\"slow\":\"one value\",\"fast\":\"another\"}");
    std::exit(0);
}

}  // namespace measuring

int main(int, char **arguments) {
    auto slow_side = [](const Input &input) { return slow::run(input); };
    auto fast_side = [](const Input &input) { return fast::run(input); };
    const char *order = arguments[2];
    double sample = std::atof(arguments[3]), warm = std::atof(arguments[4]), limit = std::atof(arguments[5]);
    Input input = setup(static_cast<std::size_t>(std::atoll(arguments[1])));
    measuring::check(input);
    long slow_calls = measuring::calls_per_sample(slow_side, input, sample, warm);
    long fast_calls = measuring::calls_per_sample(fast_side, input, sample, warm);
    auto begin = measuring::Clock::now();
    for (int done = 0; order[done] != 0; done++) {
        if (done >= 2 && measuring::since(begin) > limit) {
            break;
        }
        double slow = 0, fast = 0;
        if (order[done] == 's') {
            slow = measuring::time(slow_side, input, slow_calls);
            fast = measuring::time(fast_side, input, fast_calls);
        } else {
            fast = measuring::time(fast_side, input, fast_calls);
            slow = measuring::time(slow_side, input, slow_calls);
        }
        std::printf("{\"slow_ns\":%.3f,\"fast_ns\":%.3f}\n", slow / slow_calls, fast / fast_calls);
        std::fflush(stdout);
    }
    measuring::check(input);
}
