-- An excerpt as a text: the token of its peak in «», six tokens on each side; NULL where no tokens are kept.
create macro excerpt_of(pieces, activations) as case when pieces is not null then array_to_string(
    pieces[greatest(peak_of(activations) - 6, 1):peak_of(activations) - 1]
        || ['«' || pieces[peak_of(activations)] || '»']
        || pieces[peak_of(activations) + 1:peak_of(activations) + 6],
    ''
) end;
