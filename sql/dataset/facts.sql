-- How much of the study the snapshot has.
select
    (select count(*) from roles) as n_roles,
    (select count(*) from roles where status = 'fresh') as n_fresh,
    (select count(*) from roles where status = 'stale') as n_stale,
    (select count(distinct variant) from instructions) as n_variants,
    (select coalesce(min(n), 0) from (select count(*) as n from questions group by role)) as fewest_questions,
    (select coalesce(max(n), 0) from (select count(*) as n from questions group by role)) as most_questions,
    (select bool_and(role is null) from questions) as questions_are_shared,
    (select coalesce(sum(n_responses), 0)::bigint from roles) as n_responses,
    (select sum(n_cut_off)::bigint from role_answers) as n_cut_off,
    (select count(finish_reason) from responses) as n_with_reason,
    (select coalesce(sum(n_without_answer), 0)::bigint from role_answers) as n_without_answer,
    (select list(distinct origin order by origin) from responses) as origins,
    (select role from roles order by excluded, n_responses = 0, role limit 1) as a_role;
