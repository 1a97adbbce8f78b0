-- What a role's file of evidence or drawn_evidence ($file) holds of the features in `chosen`.
select e.feature_id, e.response_id, e.pieces, e.activations
from read_parquet($file) as e
where e.feature_id in (select c.feature_id from chosen as c)
order by e.feature_id, e.response_id;
