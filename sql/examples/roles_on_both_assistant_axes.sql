-- Which roles lie farthest from the assistant in the residual stream, and does the SAE's axis agree? (extraction.vectors)
--
-- Residual positions are in units of the stream, those of features in units of their noise (atlas_summary.axes_unit): compare the
-- places, not the numbers.
select role, residual, residual_low, residual_high, residual_rank, features, features_rank
from roles_on_both_axes()
limit 10;
