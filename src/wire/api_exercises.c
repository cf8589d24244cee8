/* Operations on exercises: scenarios, dated plays of them by units, the organisers' table, what a unit that plays
 * sees and says (doc/exercises.md). Times called …_ms are of the drill's clock. */
#include "wire/api_shapes.h"

/* clang-format off */
#define PATH(name_, en_, vi_) {name_, API_ID, .flags = API_REQUIRED | API_IN_PATH, .en = en_, .vi = vi_}
#define PATH_ID PATH("id", "The exercise.", "Cuộc diễn tập.")
#define PATH_UNIT PATH("unit", "The unit that plays.", "Đơn vị tham gia.")
#define VERSION {"version", API_INT, .min = 1, .max = INT32_MAX, .en = "As it was shown.", .vi = "Phiên bản đã hiển thị."}
#define REASON {"reason", API_TEXT, .max = 2000, .en = "Why.", .vi = "Lý do."}
#define STATES "draft|invited|rehearsal|ready|running|paused|ended|provisional|final|stopped"
#define DRILL_MS {"drill_ms", API_INT, .flags = API_NULLABLE, .en = "Its clock now; null: not begun.", .vi = "Giờ diễn tập hiện tại, ms."}
#define DAYS_MS 1036800000 /* twelve days */

/* ---- scenarios ---- */

#define SCENARIO_FIELDS \
        {"id", API_ID, .flags = API_SORT, .en = "Its number.", .vi = "Số."}, \
        {"code", API_STRING, .flags = API_FILTER | API_SORT, .en = "Its id in the file.", .vi = "Mã trong tệp."}, \
        {"title", API_STRING, .flags = API_SORT | API_DEFAULT_SORT, .en = "Its title.", .vi = "Tên (tiếng Anh)."}, \
        {"title_vi", API_STRING, .flags = API_NULLABLE | API_SORT, .en = "The same in Vietnamese.", .vi = "Tên."}, \
        {"level", API_ENUM, .flags = API_FILTER, .values = "basic|intermediate|advanced", .en = "How hard it is.", .vi = "Mức độ."}, \
        {"minutes", API_INT, .flags = API_SORT, .en = "How long it is, at the drill's own pace.", .vi = "Thời lượng, phút."}, \
        {"demo_minutes", API_INT, .en = "How long its demonstration is.", .vi = "Thời lượng bản trình diễn, phút."}, \
        {"edition", API_INT, .en = "The author's number of it.", .vi = "Phiên bản của tác giả."}, \
        {"hash", API_STRING, .flags = API_FILTER, .en = "BLAKE2b-256 of the file.", .vi = "Mã băm của tệp."}, \
        {"techniques", API_INT, .en = "ATT&CK techniques.", .vi = "Số kỹ thuật ATT&CK."}, \
        {"steps", API_INT, .en = "Steps of the storyline.", .vi = "Số bước."}, \
        {"injects", API_INT, .en = "Injects.", .vi = "Số tình huống."}, \
        {"expectations", API_INT, .en = "What is expected.", .vi = "Số kỳ vọng."}, \
        {"origin", API_ENUM, .flags = API_FILTER, .values = "coloa|own", .en = "With the program, or brought in.", .vi = "Đi kèm chương trình hoặc nhập vào."}, \
        {"added", API_TIME, .flags = API_SORT, .en = "When it came.", .vi = "Thời điểm nhập."}, \
        {"used", API_INT, .en = "Exercises that play it.", .vi = "Số cuộc diễn tập đã dùng."}, \
        {"retired", API_BOOL, .flags = API_FILTER, .en = "Not to be played any more.", .vi = "Không dùng nữa."}, \
        {"version", API_INT, .en = "Grows with every change.", .vi = "Phiên bản."}

const struct api_field api_scenario_shape[] = {SCENARIO_FIELDS, {0}};
static const struct api_field scenario_detail[] = {
        SCENARIO_FIELDS,
        {"plan", API_ANY, .en = "What was made of the file: summary, objectives, roles, length, speed_max, hosts, accounts, expectations …; "
                                "outside, steps, injects, hints, and what expectations are about, for organisers only.",
         .vi = "Nội dung kịch bản; diễn biến chỉ dành cho ban tổ chức."},
        {0},
};
static const struct api_field scenario_only[] = {PATH("id", "The scenario.", "Kịch bản."), {0}};
static const struct api_field scenario_retire[] = {
        PATH("id", "The scenario.", "Kịch bản."),
        {"retired", API_BOOL, .flags = API_REQUIRED, .en = "Whether it is not to be played any more.", .vi = "Ngừng dùng hay không."},
        {0},
};
static const struct api_field upload_fields[] = {
        {"dry", API_BOOL, .flags = API_IN_QUERY, .en = "Only look at it.", .vi = "Chỉ kiểm tra."},
        {0},
};
static const struct api_field upload_answer[] = {
        {"done", API_BOOL, .en = "It is kept.", .vi = "Đã lưu."},
        {"id", API_ID, .flags = API_NULLABLE, .en = "Its number.", .vi = "Số."},
        {"title", API_STRING, .flags = API_NULLABLE, .en = "Its title.", .vi = "Tên."},
        {"hash", API_STRING, .flags = API_NULLABLE, .en = "Of the file.", .vi = "Mã băm."},
        {"n_faults", API_INT, .en = "Faults.", .vi = "Số lỗi."},
        {"faults", API_ANY, .en = "line, column, where, rule, en, vi, remedy_en, remedy_vi.", .vi = "Vị trí, quy tắc, lỗi, cách sửa."},
        {"warnings", API_ANY, .en = "The same: it is kept all the same.", .vi = "Cảnh báo: vẫn được lưu."},
        {0},
};

/* ---- exercises ---- */

#define EXERCISE_FIELDS \
        {"id", API_ID, .flags = API_SORT, .en = "Its number.", .vi = "Số."}, \
        {"code", API_STRING, .flags = API_FILTER | API_SORT, .en = "\"DT-2026-03\".", .vi = "Số hiệu."}, \
        {"title", API_STRING, .flags = API_SORT, .en = "What it is called.", .vi = "Tên."}, \
        {"kind", API_ENUM, .flags = API_FILTER, .values = "replay|live", .en = "replay: of a scenario; live: on real systems, without a script.", .vi = "replay: theo kịch bản; live: thực chiến."}, \
        {"scenario", API_ID, .flags = API_FILTER | API_NULLABLE, .en = "What is played.", .vi = "Kịch bản."}, \
        {"scenario_title", API_STRING, .flags = API_NULLABLE, .en = "Its title.", .vi = "Tên kịch bản (tiếng Anh)."}, \
        {"scenario_title_vi", API_STRING, .flags = API_NULLABLE, .en = "The same in Vietnamese.", .vi = "Tên kịch bản."}, \
        {"state", API_ENUM, .flags = API_FILTER | API_SORT, .values = STATES, .en = "Where it stands.", .vi = "Trạng thái."}, \
        {"unit", API_ID, .flags = API_FILTER, .en = "The organisers'.", .vi = "Đơn vị tổ chức."}, \
        {"unit_name", API_STRING, .en = "Its name.", .vi = "Tên đơn vị tổ chức."}, \
        {"units", API_INT, .en = "Units that play.", .vi = "Số đơn vị tham gia."}, \
        {"playing", API_INT, .en = "People on rosters.", .vi = "Số người tham gia."}, \
        {"solo", API_BOOL, .flags = API_FILTER, .en = "Somebody alone against the clock.", .vi = "Tự luyện một mình."}, \
        {"demo", API_BOOL, .en = "As a demonstration, in ten minutes.", .vi = "Bản trình diễn mười phút."}, \
        {"simulated", API_BOOL, .en = "Containment is written down, not carried out.", .vi = "Ngăn chặn chỉ được ghi lại."}, \
        {"starts", API_TIME, .flags = API_NULLABLE | API_SORT | API_FILTER, .en = "When it is planned.", .vi = "Dự kiến bắt đầu."}, \
        {"started", API_TIME, .flags = API_NULLABLE | API_SORT, .en = "When it began.", .vi = "Bắt đầu."}, \
        {"ended", API_TIME, .flags = API_NULLABLE, .en = "When it ended.", .vi = "Kết thúc."}, \
        {"created", API_TIME, .flags = API_SORT | API_DEFAULT_SORT, .en = "When it was made.", .vi = "Thời điểm lập."}, \
        {"speed", API_INT, .en = "Times real time when it runs, in thousandths: 30000 is 30×.", .vi = "Tốc độ, phần nghìn: 30000 là 30 lần."}, \
        {"run", API_INT, .en = "Which run: a rewind begins another.", .vi = "Lượt chạy."}, \
        {"version", API_INT, .en = "Grows with every change.", .vi = "Phiên bản."}

const struct api_field api_exercise_flat[] = {EXERCISE_FIELDS, {0}};
const struct api_field api_exercise_shape[] = {
        EXERCISE_FIELDS,
        DRILL_MS,
        {"mine", API_ID, .flags = API_NULLABLE, .en = "The play that the asker is on the roster of.", .vi = "Lượt chơi của người xem."},
        {0},
};
static const struct api_field exercise_detail[] = {
        EXERCISE_FIELDS,
        DRILL_MS,
        {"mine", API_ID, .flags = API_NULLABLE, .en = "The play that the asker is on the roster of.", .vi = "Lượt chơi của người xem."},
        {"text", API_TEXT, .flags = API_NULLABLE, .en = "What those who are invited are told.", .vi = "Thông báo cho đơn vị được mời."},
        {"reason", API_TEXT, .flags = API_NULLABLE, .en = "Why it was stopped.", .vi = "Lý do dừng."},
        {"seed", API_INT, .flags = API_NULLABLE, .en = "Of its telemetry; for organisers.", .vi = "Hạt giống sinh dữ liệu; dành cho ban tổ chức."},
        {"scenario_hash", API_STRING, .flags = API_NULLABLE, .en = "Frozen at go.", .vi = "Mã băm kịch bản, chốt khi sẵn sàng."},
        {"formula_hash", API_STRING, .flags = API_NULLABLE, .en = "SHA-256 of what the formula computes, frozen at go.", .vi = "SHA-256 của công thức, chốt khi sẵn sàng."},
        {"formula", API_STRING, .flags = API_NULLABLE, .en = "Frozen at go.", .vi = "Công thức điểm, chốt khi sẵn sàng."},
        {"speed_max", API_INT, .flags = API_NULLABLE, .en = "The highest that the scenario allows people, in thousandths.", .vi = "Tốc độ cao nhất khi có người tham gia, phần nghìn."},
        {"clock", API_ANY, .en = "drill_ms, speed (thousandths), running, at, length_ms, ends, run; null: not begun.", .vi = "Đồng hồ diễn tập."},
        {"checkpoints", API_ANY, .en = "id, name, t, at, run.", .vi = "Các mốc."},
        {"plays", API_ANY, .en = "Units: play, unit, unit_name, code, state, people, roster: [{id, person, person_name, role, deputy}], missing: [roles], cast: {domain, hosts, accounts}|null, consent, drill_ms, lost.", .vi = "Các đơn vị tham gia."},
        {"next", API_ANY, .en = "What comes next: kind, title, title_vi, t; for organisers.", .vi = "Việc tiếp theo; dành cho ban tổ chức."},
        {"checklist", API_ANY, .en = "Go or no-go: id, en, vi, done, auto, by, at, why, why_vi.", .vi = "Danh sách kiểm tra trước khi chạy."},
        {"moves", API_ANY, .en = "What may be done now: move, en, vi, blocked (why not)|null.", .vi = "Việc có thể làm lúc này."},
        {"manage", API_BOOL, .en = "Whether the asker organises it.", .vi = "Người xem có phải ban tổ chức."},
        {0},
};

static const struct api_field only_id[] = {PATH_ID, {0}};
static const struct api_field create_fields[] = {
        {"title", API_STRING, .max = 200, .en = "What it is called; default: the scenario's title.", .vi = "Tên; mặc định là tên kịch bản."},
        {"kind", API_ENUM, .values = "replay|live", .en = "Default: replay.", .vi = "Mặc định: replay."},
        {"scenario", API_ID, .en = "What is played; not for live fire.", .vi = "Kịch bản; không dùng cho thực chiến."},
        {"unit", API_ID, .flags = API_REQUIRED, .en = "The organisers'.", .vi = "Đơn vị tổ chức."},
        {"starts", API_TIME, .en = "When it is planned.", .vi = "Dự kiến bắt đầu."},
        {"speed", API_INT, .min = 1000, .max = 60000, .en = "Thousandths of real time: 30000 is 30×; default 1000.", .vi = "Tốc độ, phần nghìn: 30000 là 30 lần; mặc định 1000."},
        {"demo", API_BOOL, .en = "As a demonstration: at the scenario's speed for it.", .vi = "Bản trình diễn: theo tốc độ trình diễn của kịch bản."},
        {"simulated", API_BOOL, .en = "Default: as the scenario says.", .vi = "Mặc định theo kịch bản."},
        {"seed", API_INT, .min = 1, .max = INT32_MAX, .en = "Of its telemetry; default: a random one.", .vi = "Hạt giống sinh dữ liệu; mặc định ngẫu nhiên."},
        {"text", API_TEXT, .max = 20000, .en = "What those who are invited are told.", .vi = "Thông báo cho đơn vị được mời."},
        {"units", API_ID, .flags = API_LIST_OF, .most = 500, .en = "Units that are to play.", .vi = "Các đơn vị tham gia."},
        {0},
};
static const struct api_field solo_fields[] = {
        {"scenario", API_ID, .flags = API_REQUIRED, .en = "What is played.", .vi = "Kịch bản."},
        {"unit", API_ID, .flags = API_REQUIRED, .en = "For which unit, whose names it has.", .vi = "Đơn vị."},
        {"demo", API_BOOL, .en = "As a demonstration, in ten minutes.", .vi = "Bản trình diễn mười phút."},
        {"speed", API_INT, .min = 1000, .max = 60000, .en = "Thousandths of real time: 30000 is 30×; default 1000.", .vi = "Tốc độ, phần nghìn: 30000 là 30 lần; mặc định 1000."},
        {"seed", API_INT, .min = 1, .max = INT32_MAX, .en = "Of its telemetry; default: a random one.", .vi = "Hạt giống sinh dữ liệu; mặc định ngẫu nhiên."},
        {0},
};
static const struct api_field edit_fields[] = {
        PATH_ID,
        {"version", API_INT, .flags = API_REQUIRED, .min = 1, .max = INT32_MAX, .en = "As it was shown.", .vi = "Phiên bản đã hiển thị."},
        {"title", API_STRING, .min = 1, .max = 200, .en = "What it is called.", .vi = "Tên."},
        {"scenario", API_ID, .en = "What is played; before go.", .vi = "Kịch bản; chỉ trước khi sẵn sàng."},
        {"starts", API_TIME, .flags = API_NULLABLE, .en = "When it is planned.", .vi = "Dự kiến bắt đầu."},
        {"speed", API_INT, .min = 1000, .max = 60000, .en = "Thousandths of real time; before it began.", .vi = "Tốc độ, phần nghìn; chỉ trước khi bắt đầu."},
        {"simulated", API_BOOL, .en = "Containment is written down, not carried out.", .vi = "Ngăn chặn chỉ được ghi lại."},
        {"seed", API_INT, .min = 1, .max = INT32_MAX, .en = "Of its telemetry.", .vi = "Hạt giống sinh dữ liệu."},
        {"text", API_TEXT, .flags = API_NULLABLE, .max = 20000, .en = "What those who are invited are told.", .vi = "Thông báo cho đơn vị được mời."},
        {0},
};
static const struct api_field move_fields[] = {PATH_ID, VERSION, REASON, {0}};
static const struct api_field stop_fields[] = {
        PATH_ID,
        {"reason", API_TEXT, .flags = API_REQUIRED, .min = 3, .max = 2000, .en = "Why.", .vi = "Lý do."},
        {0},
};
static const struct api_field speed_fields[] = {
        PATH_ID,
        {"speed", API_INT, .flags = API_REQUIRED, .min = 1000, .max = 60000, .en = "Thousandths of real time: 30000 is 30×.", .vi = "Tốc độ, phần nghìn."},
        {0},
};
static const struct api_field checkpoint_fields[] = {
        PATH_ID,
        {"name", API_STRING, .flags = API_REQUIRED, .min = 1, .max = 100, .en = "What it is called.", .vi = "Tên mốc."},
        {0},
};
static const struct api_field rewind_fields[] = {
        PATH_ID,
        {"checkpoint", API_ID, .flags = API_REQUIRED, .en = "To which.", .vi = "Về mốc nào."},
        REASON,
        {0},
};
static const struct api_field check_fields[] = {
        PATH_ID,
        {"item", API_ENUM, .flags = API_REQUIRED, .values = "sources|never_list|containment|clock", .en = "Which a person looked at.", .vi = "Mục đã được người kiểm tra."},
        {"done", API_BOOL, .flags = API_REQUIRED, .en = "It is as it should be.", .vi = "Đạt yêu cầu."},
        {"why", API_TEXT, .max = 1000, .en = "How one knows.", .vi = "Căn cứ."},
        {0},
};
static const struct api_field units_fields[] = {
        PATH_ID,
        {"units", API_ID, .flags = API_REQUIRED | API_LIST_OF, .most = 500, .en = "That are to play as well.", .vi = "Các đơn vị thêm vào."},
        {0},
};
static const struct api_field unit_only[] = {PATH_ID, PATH_UNIT, {0}};
static const struct api_field unit_reason[] = {PATH_ID, PATH_UNIT, REASON, {0}};
static const struct api_field roster_entry[] = {
        {"person", API_ID, .flags = API_REQUIRED, .en = "Who.", .vi = "Người."},
        {"role", API_ENUM, .flags = API_REQUIRED, .values = "officer|handler|lead|approver|owner|inspector|liaison|trainee", .en = "Their duty in the exercise.", .vi = "Vai trò trong diễn tập."},
        {"deputy", API_BOOL, .en = "They stand in for another.", .vi = "Là người thay thế."},
        {0},
};
static const struct api_field roster_fields[] = {
        PATH_ID, PATH_UNIT,
        {"people", API_OBJECT, .flags = API_REQUIRED | API_LIST_OF, .most = 200, .fields = roster_entry, .en = "All of it; who is not in it leaves.", .vi = "Toàn bộ danh sách; ai không có tên thì rời."},
        {0},
};
static const struct api_field accept_fields[] = {
        PATH_ID, PATH_UNIT,
        {"yes", API_BOOL, .flags = API_REQUIRED, .en = "The unit plays.", .vi = "Đơn vị tham gia."},
        REASON,
        {0},
};
static const struct api_field cast_host[] = {
        {"id", API_STRING, .flags = API_REQUIRED, .max = 64, .en = "The plan's.", .vi = "Mã trong kịch bản."},
        {"name", API_STRING, .flags = API_REQUIRED, .min = 1, .max = 64, .en = "The unit's name for it.", .vi = "Tên máy của đơn vị."},
        {"address", API_ADDRESS, .en = "Its address.", .vi = "Địa chỉ."},
        {0},
};
static const struct api_field cast_account[] = {
        {"id", API_STRING, .flags = API_REQUIRED, .max = 64, .en = "The plan's.", .vi = "Mã trong kịch bản."},
        {"name", API_STRING, .flags = API_REQUIRED, .min = 1, .max = 64, .en = "The unit's name for it.", .vi = "Tên tài khoản của đơn vị."},
        {0},
};
static const struct api_field cast_fields[] = {
        PATH_ID, PATH_UNIT,
        {"hosts", API_OBJECT, .flags = API_LIST_OF, .most = 200, .fields = cast_host, .en = "Others keep the plan's names.", .vi = "Máy không liệt kê giữ tên trong kịch bản."},
        {"accounts", API_OBJECT, .flags = API_LIST_OF, .most = 200, .fields = cast_account, .en = "Others keep the plan's names.", .vi = "Tài khoản không liệt kê giữ tên trong kịch bản."},
        {"domain", API_STRING, .max = 120, .en = "\"corp.example.vn\".", .vi = "Tên miền."},
        {0},
};
static const struct api_field consent_fields[] = {
        PATH_ID, PATH_UNIT,
        {"yes", API_BOOL, .flags = API_REQUIRED, .en = "The owner consents.", .vi = "Chủ quản đồng ý."},
        REASON,
        {0},
};
static const struct api_field merge_fields[] = {
        PATH_ID, PATH_UNIT,
        {"offset_ms", API_INT, .flags = API_IN_QUERY, .min = -86400000, .max = 86400000, .en = "What is added to its times: how far its clock was behind.", .vi = "Số ms cộng vào thời gian của đơn vị (đồng hồ chậm bao nhiêu)."},
        {0},
};
static const struct api_field recording_fields[] = {
        PATH_ID,
        {"step", API_STRING, .flags = API_REQUIRED | API_IN_PATH, .min = 1, .max = 64, .en = "The step's id in the scenario.", .vi = "Mã bước trong kịch bản."},
        {"names", API_STRING, .flags = API_IN_QUERY, .max = 4000, .en = "RECORDED=id,RECORDED=id: names of the recording, and the scenario's hosts and accounts that they become; \"domain\": the unit's.", .vi = "TÊN=mã,TÊN=mã: tên trong bản ghi và máy, tài khoản của kịch bản thay vào; \"domain\": tên miền của đơn vị."},
        {"idle_s", API_INT, .flags = API_IN_QUERY, .min = 1, .max = 3600, .en = "Pauses that are longer become as long as this; default 5.", .vi = "Khoảng lặng dài hơn thì rút lại bằng số giây này; mặc định 5."},
        {0},
};
static const struct api_field recording_answer[] = {
        {"step", API_STRING, .en = "The step.", .vi = "Bước."},
        {"records", API_INT, .en = "Records that will be played.", .vi = "Số bản ghi sẽ phát."},
        {0},
};
static const struct api_field recording_path[] = {
        PATH_ID,
        {"step", API_STRING, .flags = API_REQUIRED | API_IN_PATH, .min = 1, .max = 64, .en = "The step's id in the scenario.", .vi = "Mã bước trong kịch bản."},
        {0},
};
static const struct api_field merge_answer[] = {
        {"play", API_ID, .en = "Of which play.", .vi = "Lượt chơi."},
        {"facts", API_INT, .en = "Facts that were taken.", .vi = "Số sự kiện đã nhận."},
        {"hash", API_STRING, .en = "SHA-256 of the file.", .vi = "Mã băm của tệp."},
        {"new", API_BOOL, .en = "They were not there yet.", .vi = "Chưa có trước đó."},
        {0},
};
static const struct api_field done_answer[] = {
        {"done", API_BOOL, .en = "It is done.", .vi = "Đã xong."},
        {0},
};

/* ---- the table ---- */

static const struct api_field board_answer[] = {
        {"exercise", API_ANY, .en = "As exercises.list.", .vi = "Cuộc diễn tập."},
        {"organiser", API_STRING, .flags = API_NULLABLE, .en = "Who made it.", .vi = "Người tổ chức."},
        {"clock", API_ANY, .en = "As exercises.get.", .vi = "Đồng hồ."},
        {"steps", API_ANY, .en = "n, id, kind (step|inject), title, title_vi, technique, t (null: it depends), state (future|played).", .vi = "Các bước."},
        {"units", API_ANY, .en = "play, unit, unit_name, state (playing|paused|lost|done), score (thousandths; null: none yet), drill_ms, cells: [{step, state future|played|seen|answered|overdue|skipped, ms}], last: {points, en, vi, t}.", .vi = "Các đơn vị."},
        {"injects", API_ANY, .en = "id, plan_id, title, title_vi, kind, t, free, state (waiting|conditional|sent|postponed|void), delivered, seen, answered, of, took_ms (of the slowest delivery).", .vi = "Tình huống."},
        {"requests", API_ANY, .en = "Those that wait: id, play, unit_name, kind, text, step, price, t, waits_s.", .vi = "Yêu cầu đang chờ."},
        {"counts", API_ANY, .en = "units, people, overdue, lost, contained, behind_ms (telemetry).", .vi = "Số liệu."},
        {"checkpoints", API_ANY, .en = "id, name, t, at, run.", .vi = "Các mốc."},
        {"mark", API_INT, .en = "For `since`.", .vi = "Dùng cho `since`."},
        {0},
};
static const struct api_field board_fields[] = {
        PATH_ID,
        {"since", API_INT, .flags = API_IN_QUERY, .min = 0, .max = INT64_MAX, .en = "`mark` of an answer: only units that changed since.", .vi = "Chỉ các đơn vị thay đổi từ mốc này."},
        {0},
};
static const struct api_field inject_choice[] = {
        {"id", API_STRING, .flags = API_REQUIRED, .min = 1, .max = 40, .en = "A short name.", .vi = "Tên ngắn."},
        {"text", API_STRING, .flags = API_REQUIRED, .min = 1, .max = 400, .en = "What it says.", .vi = "Nội dung."},
        {0},
};
static const struct api_field inject_fields[] = {
        PATH_ID,
        {"kind", API_ENUM, .flags = API_REQUIRED, .values = "call|mail|press|note|file|failure|order", .en = "How it comes.", .vi = "Hình thức."},
        {"title", API_STRING, .flags = API_REQUIRED, .min = 1, .max = 200, .en = "Its title.", .vi = "Tiêu đề."},
        {"text", API_TEXT, .flags = API_REQUIRED, .min = 1, .max = 20000, .en = "What it says.", .vi = "Nội dung."},
        {"sender", API_STRING, .max = 200, .en = "Who says it, in the story.", .vi = "Người gửi trong câu chuyện."},
        {"roles", API_ENUM, .flags = API_LIST_OF, .most = 8, .values = "officer|handler|lead|approver|owner|inspector|liaison|trainee", .en = "Who gets it; none: all.", .vi = "Vai trò nhận; không chọn: tất cả."},
        {"choices", API_OBJECT, .flags = API_LIST_OF, .most = 10, .fields = inject_choice, .en = "To choose from.", .vi = "Các lựa chọn."},
        {"answer", API_BOOL, .en = "One is asked for.", .vi = "Cần trả lời."},
        {"units", API_ID, .flags = API_LIST_OF, .most = 500, .en = "Plays that get it; none: all.", .vi = "Lượt chơi nhận; không chọn: tất cả."},
        {"t", API_INT, .min = 0, .max = DAYS_MS, .en = "When, ms of the drill's clock; default: now.", .vi = "Lúc nào theo giờ diễn tập; mặc định: ngay."},
        {0},
};
static const struct api_field inject_path[] = {PATH_ID, PATH("inject", "Which.", "Tình huống nào."), {0}};
static const struct api_field postpone_fields[] = {
        PATH_ID, PATH("inject", "Which.", "Tình huống nào."),
        {"minutes", API_INT, .flags = API_REQUIRED, .min = 1, .max = 1440, .en = "Of the drill's clock.", .vi = "Số phút theo giờ diễn tập."},
        {0},
};
static const struct api_field answer_fields[] = {
        PATH_ID, PATH("request", "Which.", "Yêu cầu nào."),
        {"yes", API_BOOL, .flags = API_REQUIRED, .en = "As it asked; of a hint: it is given.", .vi = "Đồng ý hay không."},
        {"text", API_TEXT, .max = 4000, .en = "In words.", .vi = "Bằng lời."},
        {0},
};
#define MESSAGE_FIELDS \
        {"id", API_ID, .flags = API_SORT, .en = "Its number.", .vi = "Số."}, \
        {"play", API_ID, .flags = API_FILTER | API_NULLABLE, .en = "Of which unit's play; null: to all.", .vi = "Lượt chơi; null: gửi tất cả."}, \
        {"play_unit", API_ID, .flags = API_NULLABLE, .en = "Its unit.", .vi = "Đơn vị."}, \
        {"play_unit_name", API_STRING, .flags = API_NULLABLE, .en = "Its name.", .vi = "Tên đơn vị."}, \
        {"by_name", API_STRING, .flags = API_NULLABLE, .en = "Who wrote it.", .vi = "Người viết."}, \
        {"text", API_TEXT, .en = "What it says.", .vi = "Nội dung."}, \
        {"t", API_INT, .en = "Of the drill's clock, ms.", .vi = "Giờ diễn tập, ms."}, \
        {"at", API_TIME, .flags = API_SORT | API_DEFAULT_SORT, .en = "When.", .vi = "Lúc."}
const struct api_field api_exercise_message_shape[] = {
        MESSAGE_FIELDS,
        {"organiser", API_BOOL, .en = "From the organisers; else from the unit.", .vi = "Từ ban tổ chức; nếu không: từ đơn vị."},
        {0},
};
const struct api_field api_exercise_note_shape[] = {MESSAGE_FIELDS, {0}};
static const struct api_field say_fields[] = {
        PATH_ID,
        {"text", API_TEXT, .flags = API_REQUIRED, .min = 1, .max = 4000, .en = "What it says.", .vi = "Nội dung."},
        {"play", API_ID, .en = "About or to which unit's play; none: all.", .vi = "Lượt chơi của đơn vị; không chọn: tất cả."},
        {0},
};

/* ---- a unit's side ---- */

static const struct api_field drill_answer[] = {
        {"play", API_ID, .flags = API_NULLABLE, .en = "The asker's play; null: in no exercise now, and all else is null too.", .vi = "Lượt chơi; null: không diễn tập."},
        {"exercise", API_ID, .flags = API_NULLABLE, .en = "Which.", .vi = "Cuộc diễn tập."},
        {"code", API_STRING, .flags = API_NULLABLE, .en = "Its code.", .vi = "Số hiệu."},
        {"title", API_STRING, .flags = API_NULLABLE, .en = "What it is called.", .vi = "Tên."},
        {"title_vi", API_STRING, .flags = API_NULLABLE, .en = "The same in Vietnamese.", .vi = "Tên tiếng Việt."},
        {"state", API_STRING, .flags = API_NULLABLE, .en = "Of this play: invited, ready, playing, paused, done, stopped.", .vi = "Trạng thái."},
        {"kind", API_STRING, .flags = API_NULLABLE, .en = "replay or live.", .vi = "replay hoặc live."},
        {"unit", API_ID, .flags = API_NULLABLE, .en = "The unit.", .vi = "Đơn vị."},
        {"unit_name", API_STRING, .flags = API_NULLABLE, .en = "Its name.", .vi = "Tên đơn vị."},
        {"role", API_STRING, .flags = API_NULLABLE, .en = "The asker's duty.", .vi = "Vai trò của người xem."},
        {"solo", API_BOOL, .flags = API_NULLABLE, .en = "Alone against the clock.", .vi = "Tự luyện."},
        {"simulated", API_BOOL, .flags = API_NULLABLE, .en = "Containment is written down only.", .vi = "Ngăn chặn chỉ được ghi lại."},
        {"clock", API_ANY, .en = "As exercises.get.", .vi = "Đồng hồ."},
        {"objectives", API_ANY, .en = "en, vi.", .vi = "Mục tiêu."},
        {"injects", API_ANY, .en = "id, kind, title, title_vi, text, text_vi, sender, sender_vi, t, seen, answer, due_t, choices: [{id, text, text_vi}], answered, answered_by, choice, said, file_name, file, file_vi.", .vi = "Tình huống."},
        {"messages", API_ANY, .en = "id, from_organiser, by_name, text, t, at.", .vi = "Tin nhắn."},
        {"requests", API_ANY, .en = "id, kind, text, step, price, t, state (waiting|answered), yes, answer, answer_vi, answered_t.", .vi = "Yêu cầu."},
        {"hints", API_ANY, .en = "id, step, title, title_vi, price, taken, text, text_vi.", .vi = "Gợi ý."},
        {"waiting", API_INT, .flags = API_NULLABLE, .en = "Injects that wait for an answer.", .vi = "Số tình huống chờ trả lời."},
        {"invitations", API_ANY, .en = "exercise, code, title, starts, unit, unit_name, state, text.", .vi = "Lời mời."},
        {0},
};
static const struct api_field drill_fields[] = {
        {"play", API_ID, .flags = API_IN_QUERY, .en = "Which, when there are several; default: the latest.", .vi = "Lượt chơi nào; mặc định: mới nhất."},
        {0},
};
static const struct api_field seen_fields[] = {PATH("id", "The inject as it was delivered.", "Tình huống đã nhận."), {0}};
static const struct api_field reply_fields[] = {
        PATH("id", "The inject as it was delivered.", "Tình huống đã nhận."),
        {"choice", API_STRING, .max = 64, .en = "One of its choices.", .vi = "Một trong các lựa chọn."},
        {"text", API_TEXT, .max = 20000, .en = "In words.", .vi = "Bằng lời."},
        {0},
};
static const struct api_field ask_fields[] = {
        {"kind", API_ENUM, .flags = API_REQUIRED, .values = "question|hint|reopen|is_it_you", .en = "hint: at its price; reopen: a blocked address; is_it_you: whether something is of the exercise.", .vi = "hint: có giá điểm; reopen: mở lại địa chỉ; is_it_you: có phải của diễn tập."},
        {"text", API_TEXT, .max = 4000, .en = "What is asked; of a hint: nothing.", .vi = "Nội dung; gợi ý: bỏ trống."},
        {"hint", API_STRING, .max = 64, .en = "Which hint; or by `step`.", .vi = "Gợi ý nào; hoặc theo `step`."},
        {"step", API_INT, .min = 1, .max = 255, .en = "About which step.", .vi = "Về bước nào."},
        {"play", API_ID, .en = "Which, when there are several.", .vi = "Lượt chơi nào."},
        {0},
};
static const struct api_field control_fields[] = {
        {"move", API_ENUM, .flags = API_REQUIRED, .values = "pause|resume|end|speed", .en = "What.", .vi = "Việc."},
        {"speed", API_INT, .min = 1000, .max = 60000, .en = "With move speed: thousandths.", .vi = "Với move speed: phần nghìn."},
        {"play", API_ID, .en = "Which, when there are several.", .vi = "Lượt chơi nào."},
        {0},
};
static const struct api_field tell_fields[] = {
        {"text", API_TEXT, .flags = API_REQUIRED, .min = 1, .max = 4000, .en = "What it says.", .vi = "Nội dung."},
        {"play", API_ID, .en = "Which, when there are several.", .vi = "Lượt chơi nào."},
        {0},
};

#define S "/api/v1/scenarios"
#define X "/api/v1/exercises"
#define D "/api/v1/drill"
#define READ "exercises.read"
#define PLAN "exercises.plan"
#define PLAY "exercises.play"
#define MOVE(id_, verb_, en_, vi_) {"exercises." id_, API_POST, X "/{id}/" verb_, PLAN, 0, move_fields, exercise_detail, en_, vi_}
const struct api_op api_exercises_ops[] = {
        {"scenarios.list", API_GET, S, READ, API_LIST, NULL, api_scenario_shape, "Scenarios.", "Các kịch bản."},
        {"scenarios.upload", API_POST, S, PLAN, API_UPLOAD, upload_fields, upload_answer, "Brings one in: a YAML file of at most 1 MiB. With a fault nothing is kept.", "Nhập tệp YAML, tối đa 1 MiB. Có lỗi thì không lưu gì."},
        {"scenarios.get", API_GET, S "/{id}", READ, 0, scenario_only, scenario_detail, "One scenario; its story for organisers only.", "Một kịch bản; diễn biến chỉ dành cho ban tổ chức."},
        {"scenarios.file", API_GET, S "/{id}/file", PLAN, API_BYTES, scenario_only, NULL, "The file, byte for byte.", "Tệp gốc."},
        {"scenarios.retire", API_POST, S "/{id}/retire", PLAN, 0, scenario_retire, api_scenario_shape, "Takes it out of use, or back.", "Ngừng dùng hoặc dùng lại."},
        {"exercises.list", API_GET, X, READ, API_LIST, NULL, api_exercise_shape, "Exercises.", "Các cuộc diễn tập."},
        {"exercises.create", API_POST, X, PLAN, 0, create_fields, exercise_detail, "Plans one.", "Lập một cuộc diễn tập."},
        {"exercises.solo", API_POST, X "/solo", PLAY, 0, solo_fields, exercise_detail, "Begins one for oneself, against the clock.", "Tự luyện một mình với đồng hồ."},
        {"exercises.get", API_GET, X "/{id}", READ, 0, only_id, exercise_detail, "One exercise.", "Một cuộc diễn tập."},
        {"exercises.edit", API_PATCH, X "/{id}", PLAN, 0, edit_fields, exercise_detail, "Changes its plan.", "Sửa kế hoạch."},
        MOVE("invite", "invite", "Invites its units.", "Mời các đơn vị."),
        {"exercises.rehearse_play", API_POST, X "/{id}/rehearse/play", PLAN, 0, only_id, exercise_detail, "Plays the first step of the attack to its units, as an exercise of its own: marked as a rehearsal, simulated, never counted.", "Tổng duyệt có dữ liệu: diễn bước đầu cho các đơn vị trong một cuộc riêng, có đánh dấu, mô phỏng, không tính điểm."},
        MOVE("rehearse", "rehearse", "A rehearsal: everybody on a roster gets an inject to answer; nothing counts.", "Tổng duyệt: mọi người nhận một tình huống thử; không tính điểm."),
        MOVE("go", "go", "Go: when the whole list is done; hashes of content and formula freeze.", "Sẵn sàng: khi danh sách kiểm tra đã đủ; chốt mã băm."),
        MOVE("recall", "recall", "Back from go to the list.", "Trở lại danh sách kiểm tra."),
        MOVE("start", "start", "Starts the clock.", "Bắt đầu."),
        MOVE("pause", "pause", "Holds the clock of all.", "Tạm dừng tất cả."),
        MOVE("resume", "resume", "The clock goes on.", "Tiếp tục."),
        {"exercises.speed", API_POST, X "/{id}/speed", PLAN, 0, speed_fields, exercise_detail, "Another speed from now on.", "Đổi tốc độ từ lúc này."},
        {"exercises.checkpoint", API_POST, X "/{id}/checkpoint", PLAN, 0, checkpoint_fields, exercise_detail, "A point to come back to.", "Đặt mốc để quay lại."},
        {"exercises.rewind", API_POST, X "/{id}/rewind", PLAN, 0, rewind_fields, exercise_detail, "Back to a checkpoint: a new run, which stands still until it is resumed.", "Lùi về mốc: một lượt mới, đứng yên đến khi tiếp tục."},
        MOVE("end", "end", "Ends it before its time.", "Kết thúc trước hạn."),
        MOVE("publish", "publish", "Its scores are shown as provisional.", "Công bố điểm tạm tính."),
        {"exercises.stop", API_POST, X "/{id}/stop", PLAN, 0, stop_fields, exercise_detail, "Emergency stop: halts everything, undoes drill containment within 10 s, tells all units.", "Dừng khẩn cấp: ngừng mọi thứ, gỡ ngăn chặn diễn tập trong 10 giây, báo mọi đơn vị."},
        {"exercises.finish", API_POST, X "/{id}/finish", "exercises.judge", 0, move_fields, exercise_detail, "The jury makes its scores final.", "Ban giám khảo chốt điểm."},
        {"exercises.check", API_POST, X "/{id}/check", PLAN, 0, check_fields, exercise_detail, "Says that a person looked at an item of the list.", "Ghi nhận đã kiểm tra một mục."},
        {"exercises.units_add", API_POST, X "/{id}/units", PLAN, 0, units_fields, exercise_detail, "Adds units.", "Thêm đơn vị."},
        {"exercises.unit_remove", API_DELETE, X "/{id}/units/{unit}", PLAN, 0, unit_only, exercise_detail, "Takes a unit out, before it began.", "Bỏ một đơn vị, trước khi bắt đầu."},
        {"exercises.accept", API_POST, X "/{id}/units/{unit}/accept", PLAY, 0, accept_fields, done_answer, "The unit's answer to the invitation.", "Đơn vị trả lời lời mời."},
        {"exercises.roster", API_PUT, X "/{id}/units/{unit}/roster", PLAN, 0, roster_fields, exercise_detail, "Who plays for a unit, and as what.", "Danh sách người tham gia và vai trò."},
        {"exercises.cast", API_PUT, X "/{id}/units/{unit}/cast", PLAN, 0, cast_fields, exercise_detail, "The unit's names for the plan's hosts and accounts.", "Tên máy và tài khoản của đơn vị ứng với kịch bản."},
        {"exercises.suggest", API_POST, X "/{id}/units/{unit}/suggest", PLAN, 0, unit_only, exercise_detail, "Fills roster and cast from the unit's people and systems.", "Gợi ý danh sách và máy từ dữ liệu của đơn vị."},
        {"exercises.consent", API_POST, X "/{id}/units/{unit}/consent", "exercises.consent", 0, consent_fields, done_answer, "The system owner's consent.", "Chủ quản đồng ý."},
        {"exercises.unit_pause", API_POST, X "/{id}/units/{unit}/pause", PLAN, 0, unit_reason, exercise_detail, "Holds one unit's clock: a real incident came between.", "Tạm dừng một đơn vị: có sự cố thật."},
        {"exercises.unit_resume", API_POST, X "/{id}/units/{unit}/resume", PLAN, 0, unit_reason, exercise_detail, "That unit goes on.", "Đơn vị đó tiếp tục."},
        {"exercises.merge", API_POST, X "/{id}/units/{unit}/merge", PLAN, API_UPLOAD, merge_fields, merge_answer, "What a unit recorded alone while it had no connection: facts as JSONL.", "Gộp ghi nhận của đơn vị đã mất liên lạc (JSONL)."},
        {"exercises.recording", API_POST, X "/{id}/steps/{step}/recording", PLAN, API_UPLOAD, recording_fields, recording_answer, "A recorded attack, played at this step in place of generated telemetry: lines of JSON, 15 MiB at most; before it began.", "Bản ghi một cuộc tấn công, phát tại bước này thay cho dữ liệu sinh ra: các dòng JSON, tối đa 15 MiB; trước khi bắt đầu."},
        {"exercises.recording_remove", API_DELETE, X "/{id}/steps/{step}/recording", PLAN, 0, recording_path, NULL, "Generated telemetry again.", "Dùng lại dữ liệu sinh ra."},
        {"exercises.board", API_GET, X "/{id}/board", PLAN, 0, board_fields, board_answer, "The organisers' table.", "Bảng điều hành."},
        {"exercises.inject", API_POST, X "/{id}/injects", PLAN, 0, inject_fields, done_answer, "An inject of one's own.", "Tình huống tự soạn."},
        {"exercises.inject_send", API_POST, X "/{id}/injects/{inject}/send", PLAN, 0, inject_path, done_answer, "Delivers it now.", "Phát ngay."},
        {"exercises.inject_postpone", API_POST, X "/{id}/injects/{inject}/postpone", PLAN, 0, postpone_fields, done_answer, "Delivers it later.", "Hoãn."},
        {"exercises.answer", API_POST, X "/{id}/requests/{request}/answer", PLAN, 0, answer_fields, done_answer, "Answers a unit's request.", "Trả lời yêu cầu."},
        {"exercises.messages", API_GET, X "/{id}/messages", PLAN, API_LIST, only_id, api_exercise_message_shape, "Messages between organisers and units.", "Tin nhắn giữa ban tổ chức và đơn vị."},
        {"exercises.say", API_POST, X "/{id}/messages", PLAN, 0, say_fields, done_answer, "A message to one unit or all.", "Nhắn một hoặc mọi đơn vị."},
        {"exercises.notes", API_GET, X "/{id}/notes", PLAN, API_LIST, only_id, api_exercise_note_shape, "Observers' notes, which units never see.", "Ghi chú quan sát, đơn vị không thấy."},
        {"exercises.note", API_POST, X "/{id}/notes", PLAN, 0, say_fields, done_answer, "Adds one.", "Thêm ghi chú."},
        {"drill.get", API_GET, D, PLAY, 0, drill_fields, drill_answer, "The asker's exercise now: banner, clock, injects, messages.", "Cuộc diễn tập của người xem lúc này."},
        {"drill.seen", API_POST, D "/injects/{id}/seen", PLAY, 0, seen_fields, done_answer, "Says that one looked at it.", "Ghi nhận đã xem."},
        {"drill.answer", API_POST, D "/injects/{id}/answer", PLAY, 0, reply_fields, done_answer, "Answers it; once.", "Trả lời; một lần."},
        {"drill.ask", API_POST, D "/requests", PLAY, 0, ask_fields, done_answer, "Asks the organisers.", "Hỏi ban tổ chức."},
        {"drill.control", API_POST, D "/control", PLAY, 0, control_fields, done_answer, "Of an exercise that one plays alone: holds it, goes on, ends it.", "Với lượt tự luyện: tạm dừng, tiếp tục, kết thúc."},
        {"drill.say", API_POST, D "/messages", PLAY, 0, tell_fields, done_answer, "A message to the organisers.", "Nhắn ban tổ chức."},
        {0},
};
/* clang-format on */
