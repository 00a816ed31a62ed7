// Measures a slow and a fast way of doing the same.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	fast "measure/fast"
	slow "measure/slow"
)

type timer func(input any, calls int) time.Duration

var sample, warm, limit time.Duration

func main() {
	n, order := number(1), os.Args[2]
	sample, warm, limit = time.Duration(number(3)), time.Duration(number(4)), time.Duration(number(5))
	// Each side has an input of its own, as the types that setup declares are declared in each.
	slowInput, fastInput := slow.Setup(n), fast.Setup(n)
	check(slowInput, fastInput)
	slowCalls, fastCalls := callsPerSample(slow.Time, slowInput), callsPerSample(fast.Time, fastInput)
	begin := time.Now()
	for done, first := range order {
		if done >= 2 && time.Since(begin) > limit {
			break
		}
		var slowTook, fastTook time.Duration
		if first == 's' {
			slowTook = slow.Time(slowInput, slowCalls)
			fastTook = fast.Time(fastInput, fastCalls)
		} else {
			fastTook = fast.Time(fastInput, fastCalls)
			slowTook = slow.Time(slowInput, slowCalls)
		}
		say(map[string]float64{
			"slow_ns": float64(slowTook) / float64(slowCalls),
			"fast_ns": float64(fastTook) / float64(fastCalls),
		})
	}
	check(slowInput, fastInput)
}

func callsPerSample(side timer, input any) int {
	calls, begin := 1, time.Now()
	for {
		if side(input, calls) < sample {
			calls *= 2
		} else if time.Since(begin) >= warm {
			return calls
		}
	}
}

func check(slowInput, fastInput any) {
	one, other := fmt.Sprintf("%+v", slow.Run(slowInput)), fmt.Sprintf("%+v", fast.Run(fastInput))
	if one != other {
		say(map[string]string{"slow": shortened(one), "fast": shortened(other)})
		os.Exit(0)
	}
}

func shortened(text string) string {
	if len(text) > 200 {
		return text[:200]
	}
	return text
}

func say(line any) {
	text, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
}

func number(index int) int {
	number, err := strconv.Atoi(os.Args[index])
	if err != nil {
		panic(err)
	}
	return number
}
