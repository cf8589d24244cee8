/* Who may do what: the one table. A permission is held through a role that was given for a unit, and then
 * for everything that belongs to that unit or one below it. test/scenario/permissions.py tries every
 * operation as every role, inside and outside the unit. */
#ifndef WIRE_PERMISSION_H
#define WIRE_PERMISSION_H

#include "base/base.h"

/* In the order of the table's letters. */
enum role {
        ROLE_OFFICER,  /* O  officer on duty */
        ROLE_HANDLER,  /* H  works on incidents */
        ROLE_LEAD,     /* L  leads incidents, declares, closes */
        ROLE_APPROVER, /* A  the second person */
        ROLE_OWNER,    /* S  system owner (chủ quản): their systems */
        ROLE_INSPECTOR, /* I  independent: sees everything of the unit, evidence and audit; changes nothing */
        ROLE_LIAISON, /* N  national liaison: reports and directives */
        ROLE_TRAINEE, /* T  exercises only */
        ROLE_ADMIN, /* M  people, units, sources, settings; no incident content by that role alone */
        ROLE_GUEST,     /* G  of a partner: one incident, until a date */
        ROLE_ORGANISER, /* E  of exercises: scenarios, running them, verifying findings */
        ROLE_JURY,      /* J  final scores of live fire */
        ROLE_RED,       /* R  red team: findings of live fire */
        ROLE_MAX
};

/* X(name, roles that have it, English, Vietnamese). Letters: see enum role. */
#define PERMISSIONS(X)                                                                             \
        X("alerts.read", "OHLAIS", "see alerts", "xem cảnh báo")                                   \
        X("alerts.work", "OHL", "accept, merge, dismiss alerts", "nhận, gộp, bỏ qua cảnh báo")     \
        X("exceptions.write", "L", "write exceptions", "lập ngoại lệ")                             \
        X("events.read", "OHLI", "see original events", "xem sự kiện gốc")                         \
        X("events.search", "OHLI", "search events", "tìm kiếm sự kiện")                            \
        X("events.unmask", "HLI", "see names that are masked", "xem tên đã che")                   \
        X("events.unmask_long", "A", "approve unmasking over 7 days", "duyệt bỏ che quá 7 ngày")   \
        X("incidents.read", "OHLASING", "see incidents", "xem sự cố")                              \
        X("incidents.open", "OHL", "open an incident", "lập sự cố")                                \
        X("incidents.work", "OHL", "tasks, notes, observables", "việc, ghi chú, dấu hiệu")         \
        X("incidents.lead", "L", "classify, change state, close",                                  \
          "phân loại, đổi trạng thái, đóng")                                                       \
        X("incidents.guests", "L", "let a partner in", "mời đơn vị bạn")                           \
        X("evidence.read", "HLAI", "see evidence", "xem bằng chứng")                               \
        X("evidence.write", "OHL", "attach evidence", "thêm bằng chứng")                           \
        X("evidence.export", "LA", "export sealed evidence", "xuất bằng chứng niêm phong")         \
        X("reports.read", "OHLASIN", "see reports", "xem báo cáo")                                 \
        X("reports.write", "HL", "write reports", "soạn báo cáo")                                  \
        X("reports.sign", "LA", "sign off reports", "ký báo cáo")                                  \
        X("reports.send", "LN", "send reports", "gửi báo cáo")                                     \
        X("actions.read", "OHLASI", "see containment", "xem ngăn chặn")                            \
        X("actions.propose", "OHL", "propose containment", "đề nghị ngăn chặn")                    \
        X("actions.approve", "A", "approve containment", "duyệt ngăn chặn")                        \
        X("actions.undo", "OHLA", "undo containment early", "gỡ ngăn chặn sớm")                    \
        X("playbooks.read", "OHLASIT", "see playbooks", "xem quy trình")                           \
        X("playbooks.write", "L", "write playbooks", "soạn quy trình")                             \
        X("systems.read", "OHLASINME", "see systems", "xem hệ thống")                              \
        X("systems.write", "SM", "describe systems", "khai báo hệ thống")                          \
        X("sources.read", "OHLSIM", "see log sources", "xem nguồn nhật ký")                        \
        X("sources.work", "HLSM", "note maintenance of log sources", "ghi bảo trì nguồn")          \
        X("directives.read", "OHLASINM", "see directives", "xem chỉ đạo")                          \
        X("directives.issue", "LN", "issue directives", "ban hành chỉ đạo")                        \
        X("directives.answer", "OHLS", "acknowledge, prove", "tiếp nhận, chứng minh")              \
        X("recovery.read", "OHLASI", "see recovery plans and drills", "xem khôi phục")             \
        X("recovery.work", "HLS", "plan and run restore drills", "lập kế hoạch, thử khôi phục")    \
        X("figures.read", "OHLASINM", "see response figures", "xem số liệu ứng cứu")               \
        X("people.read", "OHLASINME", "see people on duty", "xem nhân sự")                         \
        X("people.write", "M", "add people, give roles", "thêm người, giao vai trò")               \
        X("units.write", "M", "change units", "sửa đơn vị")                                        \
        X("settings.read", "MI", "see settings", "xem cài đặt")                                    \
        X("settings.write", "M", "change settings", "sửa cài đặt")                                 \
        X("audit.read", "I", "see the audit log", "xem sổ kiểm toán")                              \
        X("exercises.read", "OHLASNTIEJR", "see exercises", "xem diễn tập")                        \
        X("exercises.play", "OHLASNT", "take part: answer injects, ask",                           \
          "tham gia diễn tập: trả lời tình huống, hỏi")                                            \
        X("exercises.plan", "E", "scenarios, exercises, run them, answer requests",                \
          "kịch bản, tổ chức và điều hành diễn tập, trả lời yêu cầu")                              \
        X("exercises.judge", "J", "final scores", "chấm điểm chính thức")                          \
        X("exercises.red", "R", "red team: findings", "đội tấn công: phát hiện")                   \
        X("exercises.consent", "S", "consent to live fire on their systems",                       \
          "đồng ý cho diễn tập thực chiến trên hệ thống của mình")                                 \
        X("exercises.live", "OHLAEJRS", "live fire: its rules, teams, findings",                   \
          "thực chiến: thể lệ, đội, phát hiện")

#endif
