/* What may be changed while the node runs: one row for each. The API's fields, the answer of GET /settings and the desk's
 * defaults are made of this table; everything else is the configuration file. */
#ifndef WIRE_SETTINGS_H
#define WIRE_SETTINGS_H

/* N(name, group, default, least, most, what it counts, English, Vietnamese): a number. */
#define SETTINGS_NUMBERS(N)                                                                        \
        N(session_idle_s, "session", 1800, 300, 28800, "s",                                        \
          "A session that nobody uses ends after.", "Phiên không hoạt động kết thúc sau.")         \
        N(session_idle_strict_s, "session", 300, 60, 300, "s",                                     \
          "The same for administrators and owners of systems of level 4 and 5.",                   \
          "Như trên, với quản trị viên và chủ quản hệ thống cấp độ 4, 5.")                         \
        N(deadline_warn_h, "deadlines", 0, 0, 72, "h",                                             \
          "A deadline counts as near at least this long before; 0: as the law's data say.",        \
          "Thời hạn được coi là sắp đến trước ít nhất; 0: theo bộ quy định.")                      \
        N(exception_days_max, "alerts", 365, 1, 365, "days",                                       \
          "An exception made at the desk lasts at most.", "Ngoại lệ lập tại đây kéo dài tối đa.")  \
        N(opening_enabled, "alerts", 1, 0, 1, "yes",                                               \
          "Opening rules open incidents by themselves (1: yes, 0: no).",                           \
          "Quy tắc tự lập sự cố được bật (1: có, 0: không).")                                      \
        N(opening_per_hour, "alerts", 20, 0, 1000, "incidents",                                    \
          "All opening rules together open at most, in an hour.",                                  \
          "Mọi quy tắc tự lập sự cố cộng lại lập tối đa, mỗi giờ.")                                \
        N(maintenance_hours_max, "sources", 168, 1, 720, "h",                                      \
          "A source may be under maintenance for at most.", "Nguồn được bảo trì tối đa.")          \
        N(audit_head_days, "audit", 7, 0, 90, "days",                                              \
          "Inspectors get the audit log's signed head by mail every so many days; 0: never.",      \
          "Gửi thư đầu nhật ký kiểm toán đã ký cho thanh tra mỗi bao nhiêu ngày; 0: không gửi.")

#endif
