-- Which roles fire a feature, and in how many of their answers?
--
-- The feature here is the most characteristic one of the first role; put any feature's id in its place.
with chosen as (
    select feature_id from top_features((select min(role) from role_features)) limit 1
)
from which_roles((select feature_id from chosen));
