-- Do a role's activations cover its responses, and are they finite?
--
-- $responses, $pooled, $activations: paths of the role's files. One row of counts, all but the first to be 0.
with fired as (
    select response_id, count(*) as n_active_features
    from read_parquet($activations)
    group by response_id
),
coverage as (
    select
        r.response_id as response,
        p.response_id as pooled,
        p.excluded_reason,
        p.n_active_features as n_promised,
        coalesce(fired.n_active_features, 0) as n_found
    from read_parquet($responses) as r
    full join read_parquet($pooled) as p on p.response_id = r.response_id
    full join fired on fired.response_id = coalesce(r.response_id, p.response_id)
),
covered as (
    select
        count(*) filter (pooled is not null and excluded_reason is null) as n_pooled,
        count(*) filter (response is not null and pooled is null) as n_not_read,
        count(*) filter (response is null) as n_without_response,
        count(*) filter (pooled is not null and n_found is distinct from n_promised) as n_wrong_count,
        count(*) filter (excluded_reason is not null and n_found > 0) as n_excluded_yet_active
    from coverage
),
strange as (
    select
        count(*) filter (not coalesce(isfinite(mean) and isfinite(max), false)) as n_not_finite,
        count(*) filter (not (mean > 0 and max > 0)) as n_not_positive,
        count(*) - count(distinct (feature_id, response_id)) as n_twice
    from read_parquet($activations)
)
select * from covered, strange;
