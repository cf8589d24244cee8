/* Shapes that lists of the desk fill by SQL: the fields in the order of their columns there. */
#ifndef WIRE_API_SHAPES_H
#define WIRE_API_SHAPES_H

#include "wire/api.h"

extern const struct api_field api_directive_flat[], api_directive_shape[];
extern const struct api_field api_session_shape[];
extern const struct api_field api_outgoing_shape[], api_outgoing_one_shape[];
extern const struct api_field api_evidence_shape[], api_evidence_one_shape[],
        api_evidence_export_shape[];
extern const struct api_field api_drill_shape[], api_copy_shape[], api_improvement_shape[];
extern const struct api_field api_alert_row[], api_alert_flat[], api_decision_shape[];
extern const struct api_field api_alert_row[], api_alert_flat[], api_decision_shape[],
        api_handover_row[], api_exception_row[], api_opening_row[], api_guest_row[];
extern const struct api_field api_incident_list_shape[], api_incident_flat_shape[],
        api_incident_shape[], api_clock_shape[], api_entry_shape[], api_task_shape[],
        api_observable_shape[], api_playbook_shape[], api_playbook_run_shape[], api_action_shape[],
        api_report_list_shape[], api_report_shape[];

#endif
