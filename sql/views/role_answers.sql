-- Of each role, how many answers were cut off, are lacking, or repeat another to the question.
(
    select
        r.role,
        count(*)::integer as n_responses,
        case when count(r.finish_reason) > 0 then count(*) filter (r.finish_reason = 'length') end::integer as n_cut_off,
        n_cut_off / count(*) as share_cut_off,
        count(*) filter (s.thinks)::integer as n_thinking,
        count(*) filter (not s.answers)::integer as n_without_answer,
        any_value(d.n_distinct)::integer as n_distinct,
        any_value(d.n_distinct) / count(*) as share_distinct,
        any_value(d.n_effective) as n_effective
    from responses as r
    left join (
        select role, response_id, bool_or(kind = 'thinking') as thinks, bool_or(kind = 'answer') as answers
        from response_spans
        group by role, response_id
    ) as s using (role, response_id)
    left join (
        select role, count(*) as n_distinct, sum(n) ** 2 / sum(n ** 2) as n_effective
        from (select role, question_id, response, count(*) as n from responses group by all)
        group by role
    ) as d using (role)
    group by r.role
)
