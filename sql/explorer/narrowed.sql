-- What the lake holds of the features `asked` (a variable, ascending) of the SAE `asked_sae`, in memory, under the
-- names of the views: asked for many of them, no file of the lake is read again. Of responses their first characters.
create temp table activations as
select a.*
from warehouse.activations as a
where a.sae = getvariable('asked_sae') and list_contains(getvariable('asked'), a.feature_id)
    and a.feature_id between getvariable('asked')[1] and getvariable('asked')[-1]
order by a.feature_id;
create temp table evidence as
select e.*
from warehouse.evidence as e
where e.sae = getvariable('asked_sae') and list_contains(getvariable('asked'), e.feature_id)
    and e.feature_id between getvariable('asked')[1] and getvariable('asked')[-1]
order by e.feature_id;
create temp table drawn_evidence as
select d.*
from warehouse.drawn_evidence as d
where d.sae = getvariable('asked_sae') and list_contains(getvariable('asked'), d.feature_id)
    and d.feature_id between getvariable('asked')[1] and getvariable('asked')[-1]
order by d.feature_id;
create temp table token_shapes as
select s.*
from warehouse.token_shapes as s
where s.sae = getvariable('asked_sae') and list_contains(getvariable('asked'), s.feature_id)
    and s.feature_id between getvariable('asked')[1] and getvariable('asked')[-1]
order by s.feature_id;
create temp table responses as
select
    r.role, r.response_id, r.variant, r.question_id, r.question,
    left(r.response, getvariable('asked_characters')) as response
from warehouse.responses as r;
