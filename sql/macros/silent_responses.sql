-- What do other roles answer to the same questions, where a feature is silent?
--
--     from silent_responses(438, 'pirate') limit 20;
--
-- The ten questions to which the role's answers fire the feature most, each with its strongest answer (max, fired),
-- and of every other role that was asked the same and leaves the feature silent the first such answer: what
-- the feature is about must be in the one and not in the other. n_silent of the role's n_answers to the question are
-- silent; those that are so throughout stand first. No rows where the role's answers do not fire it.
create macro silent_responses(feature, role, sae := null) as table
with firing as (
    select a.role, a.response_id, a.question_id, a.max
    from activations as a
    where a.feature_id = feature and a.sae = chosen_sae(sae)
        and (select known_feature(feature, sae)) and (select known_role(role, sae))
),
strongest as (
    select f.response_id, f.question_id, f.max, r.question, r.response
    from firing as f
    join responses as r on r.role = f.role and r.response_id = f.response_id
    where f.role = role
    qualify row_number() over (partition by f.question_id order by f.max desc, f.response_id) = 1
    order by f.max desc, f.response_id
    limit 10
),
others as (
    select
        p.role,
        p.question_id,
        count(*)::integer as n_answers,
        (count(*) filter (f.max is null))::integer as n_silent,
        min(p.response_id) filter (f.max is null) as response_id
    from pooled as p
    left join firing as f on f.role = p.role and f.response_id = p.response_id
    where p.sae = chosen_sae(sae) and p.role <> role and p.excluded_reason is null
        and p.question_id in (select s.question_id from strongest as s)
    group by p.role, p.question_id
)
select
    s.question_id,
    s.question,
    s.response_id as fired_id,
    s.max,
    s.response as fired,
    o.role,
    o.response_id,
    r.response,
    o.n_silent,
    o.n_answers
from strongest as s
join others as o on o.question_id = s.question_id
-- Questions of a role's own bear the numbers that others' bear.
join responses as r on r.role = o.role and r.response_id = o.response_id and r.question = s.question
order by s.max desc, s.question_id, o.n_silent / o.n_answers desc, o.role;
comment on macro table silent_responses is 'What other roles answer, the feature silent, to the questions where a role fires it most';
