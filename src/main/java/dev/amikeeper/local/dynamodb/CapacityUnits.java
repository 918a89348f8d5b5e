package dev.amikeeper.local.dynamodb;

import org.jspecify.annotations.Nullable;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/**
 * The read and write units for which DynamoDB bills a table on demand. An eventually consistent
 * read of up to 4 KB costs half a read unit.
 *
 * @param byOperation the units of each operation, by its name, for example {@code Query}
 */
public record CapacityUnits(SortedMap<String, Used> byOperation) {
    private static final int READ_BYTES = 4 * 1024;
    private static final int WRITE_BYTES = 1024;

    public CapacityUnits {
        byOperation = Collections.unmodifiableSortedMap(new TreeMap<>(byOperation));
    }

    /** The units of one operation. */
    public record Used(double read, double write) {
        private static final Used NOTHING = new Used(0, 0);

        /** A read of so many bytes. One that finds nothing costs as much as a small one. */
        static Used reading(int bytes, @Nullable Boolean consistent) {
            return new Used(
                    steps(bytes, READ_BYTES) * (Boolean.TRUE.equals(consistent) ? 1 : 0.5), 0);
        }

        /**
         * A write of so many bytes.
         *
         * @param times how often the item is written
         * @param index the write units for the index
         */
        static Used writing(int bytes, int times, double index) {
            return new Used(0, CapacityUnits.writing(bytes) * times + index);
        }

        Used plus(Used more) {
            return new Used(read + more.read, write + more.write);
        }

        private Used minus(Used less) {
            return new Used(read - less.read, write - less.write);
        }
    }

    /** All read units. */
    public double read() {
        return sum(Used::read);
    }

    /** All write units. */
    public double write() {
        return sum(Used::write);
    }

    /** What was used since an earlier reading of the same table. */
    public CapacityUnits since(CapacityUnits before) {
        SortedMap<String, Used> since = new TreeMap<>();
        byOperation.forEach((operation, all) ->
                since.put(
                        operation,
                        all.minus(before.byOperation.getOrDefault(operation, Used.NOTHING))));
        since.values().removeIf(Used.NOTHING::equals);
        return new CapacityUnits(since);
    }

    /** The write units for so many bytes, written once. */
    static double writing(int bytes) {
        return steps(bytes, WRITE_BYTES);
    }

    private static int steps(int bytes, int step) {
        return Math.max(1, Math.ceilDiv(bytes, step));
    }

    private double sum(ToDoubleFunction<Used> kind) {
        return byOperation.values().stream().mapToDouble(kind).sum();
    }
}
