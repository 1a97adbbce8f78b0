-- Of the features in `chosen` the 99th percentile of their peaks: of the strongest activation in each answer that fires
-- them, over the roles' activations ($files).
select a.feature_id, quantile_cont(a.max, 0.99)::double as peak
from read_parquet($files) as a semi join chosen as c using (feature_id)
group by a.feature_id;
