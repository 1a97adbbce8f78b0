-- Which features write along the assistant axis of the residual stream, and which of them make it? (extraction.vectors)
--
-- A feature may lie along the axis and fire equally in all roles: then its contribution is about 0.
select feature_id, label, cosine, cosine_low, cosine_high, contribution
from features_along_the_axis()
limit 20;
