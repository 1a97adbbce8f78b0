-- What does editing a role's features do to it, beyond random features as active in the role?
--
--     from edits_of('pirate') where metric = 'readout' order by p;
--
-- One row per feature and readout that the study's interventions told of (intervention_effects): of the edit with the
-- smallest p. readout is of given answers and answer_readout of new ones, both in ways from the other roles to the
-- role.
create macro edits_of(role, sae := null) as table
select e.feature_id, e.metric, e.intervention, e.operation, e.strength, e.effect, e.low, e.high, e.p, e.q
from intervention_effects as e
where
    e.sae = chosen_sae(sae) and e.role = role and e.metric in ('readout', 'answer_readout')
    and e.against = 'feature' and e.feature_id is not null
qualify row_number() over (partition by e.feature_id, e.metric order by e.p, abs(e.effect) desc) = 1;
comment on macro table edits_of is 'What editing a role''s features does to it, beyond random features: the surest edit of each';
