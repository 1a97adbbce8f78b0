-- The answers of a role ($judgements: its file) that the judge $judge has rated, and the ratings.
select f.response_id, {rating} as rating
from read_parquet($judgements) as f
where f.judge = $judge and {rating} is not null
order by f.response_id;
