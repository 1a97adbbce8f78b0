-- Is every prompt answered once, and how many answers are empty or cut off?
--
-- $responses: paths; $variants, $question_ids: what the study asks; $control: ids that no answer may
-- hold. One row of counts.
with asked as (
    select v.variant, q.question_id
    from (select unnest($variants::integer[]) as variant) as v,
        (select unnest($question_ids::integer[]) as question_id) as q
),
answered as (
    select variant, question_id, count(*) as n_answers
    from read_parquet($responses)
    group by variant, question_id
),
matched as (
    select asked.variant as asked, answered.n_answers
    from asked full join answered
        on answered.variant = asked.variant and answered.question_id = asked.question_id
),
prompts as (
    select
        count(*) filter (asked is not null) as n_prompts,
        count(*) filter (n_answers is null) as n_unanswered,
        count(*) filter (n_answers > 1) as n_answered_twice,
        count(*) filter (asked is null) as n_not_asked
    from matched
),
texts as (
    select
        count(*) as n_responses,
        count(*) filter (trim(response, e' \t\r\n') = '') as n_empty,
        count(*) filter (finish_reason = 'length') as n_truncated,
        count(distinct (question_id, response)) as n_distinct,
        count(*) filter (list_has_any(response_token_ids, $control::integer[])) as n_with_control_tokens
    from read_parquet($responses)
)
select * from prompts, texts;
