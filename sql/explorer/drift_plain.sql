-- Every run, turn by turn, beside the plain conversations whose names the pattern $plain has.
select run, is_plain, turn, plain_low, plain_high, p, run_p, n_plain
from drift_against_plain($plain)
order by run, turn;
