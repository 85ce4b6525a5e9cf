-- Core and messaging change cycle at 00:00 UTC, voice at 07:00 UTC of the same days.
{% set clocks = {
    'core': ('cycle_start_at', 'cycle_end_at', 'is_closed', 'usage_through_at'),
    'voice': ('voice_start_at', 'voice_end_at', 'is_voice_closed', 'voice_usage_through_at'),
} %}
{% for clock, (starts_at, ends_at, is_closed, through_at) in clocks.items() %}
    select
        org_id || '/{{ clock }}/' || cycle_start_date as billing_cycle_id,
        org_id,
        '{{ clock }}' as clock,
        cycle_number,
        {{ starts_at }} as cycle_start_at,
        {{ ends_at }} as cycle_end_at,
        cycle_start_date,
        cycle_end_date,
        phase,
        is_last_ramp_cycle,
        {{ is_closed }} as is_closed,
        {{ through_at }} as usage_through_at
    from {{ ref('int_cycles') }}
    {% if not loop.last %}union all{% endif %}
{% endfor %}
