-- Does a run's score move with the length of its answers rather than with the persona?
--
-- Correlations over turns, NULL below eight of them; the verdict is of the lower end of the strongest one's
-- interval. HIGH: hold the null band against each turn before
-- believing the curve.
select
    name,
    n_turns,
    score,
    confound_norm,
    confound_n_active_features,
    confound_n_tokens,
    confound_verdict
from drift_runs
order by name, run;
