#include "decode/syslog.h"

void syslog_service(struct decode_state *s, struct event *e, struct span program, struct span message) {
}
