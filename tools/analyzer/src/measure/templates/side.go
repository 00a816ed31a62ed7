package side

@@IMPORTS@@

@@SETUP@@

@@SIDE@@

// Setup makes the input.
func Setup(n int) any { return setup(n) }

// Run does the work once.
func Run(input any) any { return run(input.(Input)) }

// Time does the work many times and keeps the last result from being optimized away.
func Time(input any, calls int) time.Duration {
	typed := input.(Input)
	begin := time.Now()
	for call := 0; call < calls; call++ {
		Kept = run(typed)
	}
	return time.Since(begin)
}

// Kept is what the last call gave.
var Kept any
