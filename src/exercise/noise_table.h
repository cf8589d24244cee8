/* Made by tools/measure_noise.py from the dev set's recordings: counts only. Events of Windows hosts in parts of 10,000;
 * requests by hour of the day in parts of 1000; answers of web servers; kinds of a sensor's records. What is rarer than
 * one in 10,000 counts as one. */
#ifndef EXERCISE_NOISE_TABLE_H
#define EXERCISE_NOISE_TABLE_H

static const struct {
        unsigned char id; /* enum win_id */
        unsigned short share;
} noise_windows[] = {
        {SYSMON_ACCESS, 4352},    {SYSMON_IMAGE, 2009},
        {SYSMON_KEY, 1925},       {SYSMON_VALUE, 837},
        {SEC_BIND, 191},          {SYSMON_FILE, 169},
        {SEC_CONNECTION, 135},    {SYSMON_NETWORK, 74},
        {SEC_SERVICE_CALLED, 53}, {SYSMON_DELETED, 37},
        {SEC_PROCESS, 36}, /* with SYSMON_PROCESS 35 */
        {SYSMON_ENDED, 32},       /* with SEC_ENDED */ {SYSMON_DNS, 26},
        {SEC_LOGON, 19},          {SEC_PRIVILEGES, 15},
        {SEC_LOGOFF, 14},         {SEC_TICKET, 2},
        {SYS_STATE, 1},
};
static const unsigned short noise_hours[24] = {36, 36, 36, 35, 35, 37, 36, 35, 34, 36, 44, 45,
                                               46, 47, 49, 49, 47, 48, 47, 49, 48, 45, 34, 35};
static const struct {
        unsigned short status, share; /* of 1000 */
} noise_answers[] = {{200, 914}, {304, 44}, {404, 21}, {301, 16}, {206, 5}};
static const struct {
        unsigned char kind; /* enum eve_kind */
        unsigned short share;
} noise_eve[] = {{EVE_DNS, 358}, {EVE_SMB, 292}, {EVE_FLOW, 253}, {EVE_HTTP, 85}, {EVE_TLS, 12}};
#define NOISE_BURST 58u /* events of a busy second */

#endif
