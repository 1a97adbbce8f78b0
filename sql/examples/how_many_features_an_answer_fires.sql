-- How many features does an answer fire, and how many does a role use at all?
select
    p.role,
    count(*) as n_responses,
    avg(p.n_active_features) as mean_features_of_an_answer,
    (
        select count(*) from role_features as rf where rf.role = p.role and rf.sae = chosen_sae(null)
    ) as n_features_of_the_role
from pooled as p
where p.sae = chosen_sae(null) and p.excluded_reason is null
group by p.role
order by mean_features_of_an_answer desc, p.role;
