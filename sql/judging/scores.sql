-- The scores of the judges $judges, as places on their scale; a judge that named none has its rating rounded. Responses
-- are numbered from 0.
with scales as (
    select judge.key as judge, (judge.value -> 'scale')::integer[] as scale
    from study, json_each(settings, '$.judge') as judge
),
scored as (
    select role, response_id, question_id, judge, coalesce(score, round(rating)::integer) as score from judgements
)
select
    dense_rank() over (order by s.role, s.response_id) - 1 as number,
    s.question_id,
    s.judge,
    list_position(scales.scale, s.score) - 1 as place
from scored as s inner join scales on scales.judge = s.judge
where list_contains($judges, s.judge) and list_contains(scales.scale, s.score)
order by number, s.judge;
