-- $limit answers under edits of $targets of the intervention $intervention, asked of the role $role under the SAE $sae,
-- each beside the one at strength 0 to the same question. Of a text at most $cut characters.
with answers as (
    select
        target, feature_id, control, strength, level, response_id, variant, question_id, question,
        left(response, $cut) as response, length(response) as n_characters, n_tokens, finish_reason, unchanged,
        readout, loss, repetition
    from steered_responses
    where
        sae = $sae and intervention = $intervention and role = $role
        and (control = 'nothing' or (control is null and target in (select unnest($targets))))
)
select
    edited.*,
    plain.response as plain_response,
    plain.n_characters as plain_n_characters,
    plain.n_tokens as plain_n_tokens,
    plain.finish_reason as plain_finish_reason,
    plain.readout as plain_readout,
    plain.loss as plain_loss,
    plain.repetition as plain_repetition
from answers as edited join answers as plain using (response_id)
where edited.control is null and plain.control = 'nothing'
order by edited.question_id, edited.response_id, edited.feature_id, edited.target, edited.strength
limit $limit;
