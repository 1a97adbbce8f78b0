-- Which features fire in one response?
--
--     from response_features('pirate', 200017) limit 20;
--
-- response_id is that of the table responses. role_mean and role_firing_rate say what is usual in the
-- role; lift = mean / role_mean. Strongest first. A response that was not pooled has no rows: the table
-- pooled says why. One that is not in the role is an error.
create macro response_features(role, response_id, sae := null) as table
with found as (
    select count(*) as n from pooled as p
    where p.sae = chosen_sae(sae) and p.role = role and p.response_id = response_id
),
asked as (
    select case
        when (select known_role(role, sae)) and n = 1 then true
        else error(format('no response {} of role {}; the table pooled lists them', response_id, role))
    end as is_known
    from found
)
select
    a.feature_id,
    a.max,
    a.mean,
    a.n_active,
    a.argmax_token,
    a.mean / rf.mean as lift,
    rf.mean as role_mean,
    rf.firing_rate as role_firing_rate
from activations as a
left join role_features as rf
    on rf.sae = a.sae and rf.role = a.role and rf.feature_id = a.feature_id
where a.role = role and a.response_id = response_id and a.sae = chosen_sae(sae)
    and (select is_known from asked)
order by a.max desc, a.feature_id;
comment on macro table response_features is 'Which features fire in one response, and how usual that is in its role';
