-- How much of the assistant axis, and of the main directions between roles, does each SAE carry? (extraction.vectors)
--
-- `carried` is the cosine of the axis in the residual stream with the same difference of the SAE's reconstructions; its square is
-- the share of the axis' squared length that lies along these. A component below explained_null is no more than chance.
select sae, axis, carried, carried_low, carried_high, explained_variance, explained_null, cosine_with_assistant, reason
from vector_axes
order by sae, axis != 'assistant', explained_variance desc;
