-- Within a contract the next cycle of either clock starts when the last one ends; contracts
-- of one organization never overlap (CYC-01, CYC-07).
with

cycles as (

    select
        org_id,
        contract_id,
        cycle_start_at,
        cycle_end_at,
        voice_start_at,
        voice_end_at,
        lead(cycle_start_at) over cycles_in_order as next_start_at,
        lead(voice_start_at) over cycles_in_order as next_voice_start_at,
        lead(contract_id) over cycles_in_order as next_contract_id
    from {{ ref('int_cycles') }}
    window
        cycles_in_order as (
            partition by org_id
            order by cycle_start_at
        )

)

select * from cycles
where
    next_start_at < cycle_end_at
    or next_voice_start_at < voice_end_at
    or (
        contract_id = next_contract_id
        and (next_start_at <> cycle_end_at or next_voice_start_at <> voice_end_at)
    )
