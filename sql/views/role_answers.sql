-- Of each role, how many answers were cut off, and how many are lacking.
(
    select
        r.role,
        count(*)::integer as n_responses,
        case when count(r.finish_reason) > 0 then count(*) filter (r.finish_reason = 'length') end::integer as n_cut_off,
        n_cut_off / count(*) as share_cut_off,
        count(*) filter (s.thinks)::integer as n_thinking,
        count(*) filter (not s.answers)::integer as n_without_answer
    from responses as r
    left join (
        select role, response_id, bool_or(kind = 'thinking') as thinks, bool_or(kind = 'answer') as answers
        from response_spans
        group by role, response_id
    ) as s using (role, response_id)
    group by r.role
)
