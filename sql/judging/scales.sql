-- The judges that the snapshot has scores of, and each one's scale.
select judge.key as judge, (judge.value -> 'scale')::varchar as scale
from study, json_each(settings, '$.judge') as judge
where judge.key in (select judge from judgements)
order by judge.key;
