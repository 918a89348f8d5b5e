package dev.amikeeper.catalog;

import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The notices of the catalogue. Each notice is a record. It has another entry while it is open, and
 * another until people have been told. These are written and removed in the same transaction as the
 * record.
 */
final class NoticeTable {
    private static final Map<String, String> SAME_NOTICE_NAMES =
            Map.of("#at", "at", "#resolved", "resolved");

    private final CatalogTable table;
    private final TableKeys keys;
    private final Items items;
    private final Unknowns unknowns;

    NoticeTable(CatalogTable table, TableKeys keys, Items items, Unknowns unknowns) {
        this.table = table;
        this.keys = keys;
        this.items = items;
        this.unknowns = unknowns;
    }

    boolean note(Notice notice) {
        List<TransactWriteItem> writes = new ArrayList<>(tell(notice));
        writes.set(0, table.putNew(notice(keys.notices(), notice)));
        return table.transact(writes).isEmpty()
                || standing(notice.key())
                        .filter(before -> before.resolved().isPresent())
                        .filter(before -> openAnew(before, notice))
                        .isPresent();
    }

    /** The writes that record a notice, the record first. */
    List<TransactWriteItem> tell(Notice notice) {
        List<TransactWriteItem> writes = new ArrayList<>();
        writes.add(table.put(notice(keys.notices(), notice)));
        if (notice.isOpen()) {
            writes.add(table.put(notice(keys.open(), notice)));
        }
        if (notice.announced()) {
            writes.add(table.put(notice(keys.unannounced(), notice)));
        }
        return writes;
    }

    private boolean openAnew(Notice before, Notice notice) {
        List<TransactWriteItem> writes = new ArrayList<>(tell(notice));
        writes.set(0, putInPlaceOf(before, notice));
        if (!notice.announced()) {
            return table.transact(writes).isEmpty();
        }
        List<TransactWriteItem> untold = new ArrayList<>(writes);
        untold.set(writes.size() - 1, takeIfNobodyHeard(before));
        return inOneOf(untold, writes);
    }

    boolean reword(Notice notice) {
        return standing(notice.key())
                .filter(Notice::isOpen)
                .filter(before -> !before.saysTheSame(notice))
                .filter(before -> saidAnew(before, before.saying(notice)))
                .isPresent();
    }

    private boolean saidAnew(Notice before, Notice after) {
        List<TransactWriteItem> writes = new ArrayList<>();
        writes.add(putInPlaceOf(before, after));
        writes.add(table.put(notice(keys.open(), after)));
        if (after.announced() && !after.remedy().equals(before.remedy())) {
            writes.add(table.put(notice(keys.unannounced(), after)));
        }
        return table.transact(writes).isEmpty();
    }

    boolean resolve(NoticeKey about, Instant at) {
        return standing(about.toString())
                .filter(Notice::isOpen)
                .filter(open -> end(open, open.resolved(at)))
                .isPresent();
    }

    private boolean end(Notice open, Notice over) {
        List<TransactWriteItem> writes = new ArrayList<>();
        writes.add(putInPlaceOf(open, over));
        writes.add(table.delete(TableKeys.key(keys.open(), over.key())));
        if (!over.announced()) {
            return table.transact(writes).isEmpty();
        }
        List<TransactWriteItem> untold = new ArrayList<>(writes);
        untold.add(takeIfNobodyHeard(open));
        writes.add(table.put(notice(keys.unannounced(), over)));
        return inOneOf(untold, writes);
    }

    /** Tries the second transaction if only the last write of the first one is refused. */
    private boolean inOneOf(List<TransactWriteItem> first, List<TransactWriteItem> second) {
        Set<Integer> refused = table.transact(first);
        return refused.isEmpty()
                || (refused.equals(Set.of(first.size() - 1)) && table.transact(second).isEmpty());
    }

    private Optional<Notice> standing(String key) {
        return table.readable(TableKeys.key(keys.notices(), key), items.notices());
    }

    void announced(Notice notice) {
        if (table.transact(List.of(takeFromTheUntold(notice))).isEmpty()) {
            return;
        }
        // It ended, or began again, while people were being told the opposite.
        standing(notice.key())
                .filter(now -> now.announced() && now.isOpen() != notice.isOpen())
                .ifPresent(now ->
                        table.transact(List.of(table.putNew(notice(keys.unannounced(), now)))));
    }

    /** The item with the unknown attributes of the notice's record and of the item it replaces. */
    private Map<String, AttributeValue> notice(String partition, Notice notice) {
        return unknowns.keep(
                table.kept(items.notice(partition, notice)),
                TableKeys.key(keys.notices(), notice.key()),
                null);
    }

    private TransactWriteItem putInPlaceOf(Notice before, Notice after) {
        return table.put(
                notice(keys.notices(), after),
                sameNotice(before),
                SAME_NOTICE_NAMES,
                sameNoticeValues(before));
    }

    private TransactWriteItem takeFromTheUntold(Notice notice) {
        return takeFromTheUntold(notice, sameNotice(notice), SAME_NOTICE_NAMES);
    }

    private TransactWriteItem takeFromTheUntold(
            Notice notice, String condition, Map<String, String> names) {
        return table.delete(
                TableKeys.key(keys.unannounced(), notice.key()),
                condition,
                names,
                sameNoticeValues(notice));
    }

    /**
     * Takes a notice from the untold ones, unless somebody has begun to tell it. From then on
     * people may know of it, even if nobody recorded that.
     */
    private TransactWriteItem takeIfNobodyHeard(Notice notice) {
        Map<String, String> names = new HashMap<>(SAME_NOTICE_NAMES);
        names.put("#telling", Items.TELLING);
        return takeFromTheUntold(
                notice, sameNotice(notice) + " AND attribute_not_exists(#telling)", names);
    }

    private static String sameNotice(Notice notice) {
        return notice.resolved().isPresent()
                ? "#at = :at AND #resolved = :resolved"
                : "#at = :at AND attribute_not_exists(#resolved)";
    }

    boolean telling(Notice notice) {
        return table.transact(
                        List.of(
                                table.put(
                                        table.kept(items.telling(notice)),
                                        sameNotice(notice),
                                        SAME_NOTICE_NAMES,
                                        sameNoticeValues(notice))))
                .isEmpty();
    }

    private static Map<String, AttributeValue> sameNoticeValues(Notice notice) {
        Map<String, AttributeValue> values = new HashMap<>();
        values.put(":at", AttributeValue.fromS(notice.at().toString()));
        notice.resolved()
                .ifPresent(end -> values.put(":resolved", AttributeValue.fromS(end.toString())));
        return values;
    }

    List<Notice> notices() {
        return byTime(keys.notices());
    }

    List<Notice> open() {
        return byTime(keys.open());
    }

    private List<Notice> byTime(String partition) {
        return table.stream(partition, items.notices())
                .sorted(Comparator.comparing(Notice::at).thenComparing(Notice::key))
                .toList();
    }

    List<Notice> unannounced() {
        return table.all(keys.unannounced(), items.notices());
    }
}
