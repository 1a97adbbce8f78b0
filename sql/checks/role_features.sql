-- Rows of role_features that disagree with a recomputation from the activations.
--
-- $role_features, $activations, $pooled are paths of the role's files. Recomputed another way than the stage
-- does it: the zeros are counted, and the deviations are summed in a second pass over the values.
with counted as (
    select count(*) as n_responses from read_parquet($pooled) where excluded_reason is null
),
values_fired as (
    select a.feature_id, a.mean::double as mean, a.max
    from read_parquet($activations) as a
    join read_parquet($pooled) as p on p.response_id = a.response_id
    where p.excluded_reason is null
),
means as (
    select
        feature_id,
        count(*) as n_active_responses,
        sum(mean) / any_value(n_responses) as mean,
        max(max) as max,
        any_value(n_responses) as n_responses
    from values_fired, counted
    group by feature_id
),
recomputed as (
    select
        m.feature_id, m.n_responses, m.n_active_responses, m.mean, m.max,
        sqrt(
            (
                sum((v.mean - m.mean) ** 2)
                + (m.n_responses - m.n_active_responses) * m.mean ** 2
            ) / m.n_responses
        ) as sd
    from means as m join values_fired as v on v.feature_id = m.feature_id
    group by m.feature_id, m.n_responses, m.n_active_responses, m.mean, m.max
)
select
    coalesce(s.feature_id, r.feature_id) as feature_id,
    s.n_responses, r.n_responses as n_responses_recomputed,
    s.n_active_responses, r.n_active_responses as n_active_responses_recomputed,
    s.mean, r.mean as mean_recomputed,
    s.max, r.max as max_recomputed,
    s.sd, r.sd as sd_recomputed
from read_parquet($role_features) as s
full join recomputed as r on r.feature_id = s.feature_id
where s.n_responses is distinct from r.n_responses
    or s.n_active_responses is distinct from r.n_active_responses
    or s.max is distinct from r.max
    or s.firing_rate is distinct from r.n_active_responses / r.n_responses
    or not coalesce(abs(s.mean - r.mean) <= 1e-9 * r.mean, false)
    or not coalesce(abs(s.sd - r.sd) <= 1e-9 * r.mean, false)
order by feature_id;
