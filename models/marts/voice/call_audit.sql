{%- set withheld = '(?i)anonymous|unknown|unavailable|restricted|private' -%}
with

-- Whoever withholds a number is nobody in particular: such calls are no group.
findings as (

    select
        *,
        case
            when not regexp_full_match(origin, '{{ withheld }}')
                then coalesce({{ phone_account('origin') }}, origin)
        end as calling_number,
        case
            when not regexp_full_match(destination, '{{ withheld }}')
                then coalesce({{ phone_account('destination') }}, destination)
        end as called_number
    from {{ ref('int_call_findings') }}

),

keyed as (

    select
        *,
        {{ keyed_hash('calling_number') }} as origin_key,
        {{ keyed_hash('called_number') }} as destination_key
    from findings

)

select
    call_id,
    finding,
    org_id,
    cycle_start_date,
    other_cycle_start_date,
    repeats_call_id,
    {{ masked_call_id('sip_call_id') }} as sip_call_id,
    started_at,
    direction,
    call_type,
    service,
    duration_seconds,
    rated_seconds,
    rate_per_minute,
    reported_cost,
    rated_cost,
    amount,
    -- What the call files themselves show to be too much; of a call that is counted twice
    -- and priced wrong not more than its cost.
    case
        when finding in ('mispriced', 'repeated_id') then amount
        when finding = 'repeated_content'
            then
                amount - coalesce(
                    sum(amount) filter (finding = 'mispriced') over (
                        partition by org_id, call_id
                    ),
                    0
                )
        else 0
    end::decimal(28, 10) as claim_amount,
    currency,
    if({{ shows_personal_data() }}, origin, {{ masked('origin') }}) as origin,
    if({{ shows_personal_data() }}, destination, {{ masked('destination') }})
        as destination,
    origin_key,
    destination_key,
    -- The same for both directions.
    md5(
        if(
            origin_key < destination_key,
            origin_key || destination_key,
            destination_key || origin_key
        )
    ) as number_pair_key
from keyed
