"""Cover while moving (动中备勤): which calls the units on patrol reach in time, minute by minute."""
