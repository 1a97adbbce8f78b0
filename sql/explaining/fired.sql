-- Of the features and responses in `chosen` those that go together in a role's activations ($file).
select a.feature_id, a.response_id
from read_parquet($file) as a semi join chosen as c using (feature_id, response_id);
