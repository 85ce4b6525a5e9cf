with

landed as (

    {{ landed_rows('phone_numbers', dates=['purchased_date', 'released_date']) }}

),

typed as (

    select
        {{ provenance() }},
        -- A number is its digits, however an export punctuates it.
        coalesce({{ phone_account('landed.phone_number') }}, landed.phone_number)
            as phone_number,
        lower({{ masked_words('landed.number_type') }}) as number_type,
        {{ utc_date('landed.purchased_date') }} as purchased_date,
        {{ exclusive_end_date('landed.released_date') }} as released_date
    from landed

),

checked as (

    select
        * exclude (raw, parse_error),
        {{ rejection([
            ('missing_value', missing(['phone_number', 'number_type', 'purchased_date'])),
            ('not_a_timestamp', unreadable(['purchased_date', 'released_date'])),
            ('end_before_start', {'released_date': 'released_date < purchased_date'}),
        ]) }}
    from typed

)

select
    *,
    {{ row_status(['phone_number', 'purchased_date']) }} as row_status
from checked
