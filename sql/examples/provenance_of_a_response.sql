-- Where does a number come from? One answer from its instruction to its features, and the files that hold it.
--
-- The answer here is the one with the most features; put any role and response_id in its place.
with chosen as (
    select role, response_id from pooled
    where sae = chosen_sae(null)
    order by n_active_features desc, role, response_id
    limit 1
)
select
    r.role,
    r.response_id,
    i.instruction,
    r.system_prompt,
    r.question,
    r.response,
    r.seed,
    r.origin,
    r.finish_reason,
    r.token_source,
    r.prompt_token_ids,
    r.response_token_ids,
    p.n_tokens as n_pooled_tokens,
    p.n_active_features,
    p.excluded_reason,
    (
        select map(list(f.table_name order by f.table_name), list(f.path order by f.table_name))
        from lake_files as f
        where f.role = r.role and (f.sae is null or f.sae = p.sae)
    ) as files
from chosen as c
join responses as r on r.role = c.role and r.response_id = c.response_id
join pooled as p on p.role = r.role and p.response_id = r.response_id and p.sae = chosen_sae(null)
left join instructions as i on i.role = r.role and i.variant = r.variant;
