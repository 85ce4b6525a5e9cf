-- The two clocks cut the same cycles at different hours (CYC-04).
with

core_cycles as (

    select * from {{ ref('billing_cycles') }}
    where clock = 'core'

),

voice_cycles as (

    select * from {{ ref('billing_cycles') }}
    where clock = 'voice'

)

select
    coalesce(core_cycles.org_id, voice_cycles.org_id) as org_id,
    core_cycles.billing_cycle_id as core_cycle_id,
    voice_cycles.billing_cycle_id as voice_cycle_id
from core_cycles
full outer join voice_cycles
    on
        core_cycles.org_id = voice_cycles.org_id
        and core_cycles.cycle_start_date = voice_cycles.cycle_start_date
        and core_cycles.cycle_end_date = voice_cycles.cycle_end_date
        and core_cycles.cycle_number = voice_cycles.cycle_number
        and core_cycles.phase = voice_cycles.phase
where core_cycles.org_id is null or voice_cycles.org_id is null
