package dev.amikeeper.catalog;

import dev.amikeeper.image.Region;

import java.util.List;
import java.util.Set;

/** Where the schedules stand, and the Regions in which there may be work. */
public record Bookmarks(List<Cursor> cursors, Set<Region> regions) {
    public Bookmarks {
        cursors = List.copyOf(cursors);
        regions = Set.copyOf(regions);
    }
}
