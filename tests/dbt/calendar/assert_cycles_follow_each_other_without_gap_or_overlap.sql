-- Within a contract the next cycle of a clock starts when the last one ends; contracts of
-- one organization never overlap (CYC-01, CYC-07).
with

cycles as (

    select
        org_id,
        clock,
        contract_id,
        cycle_start_at,
        cycle_end_at,
        lead(cycle_start_at) over clock_in_order as next_start_at,
        lead(contract_id) over clock_in_order as next_contract_id
    from {{ ref('int_cycles') }}
    window
        clock_in_order as (
            partition by org_id, clock
            order by cycle_start_at
        )

)

select * from cycles
where
    next_start_at < cycle_end_at
    or (next_start_at <> cycle_end_at and contract_id = next_contract_id)
