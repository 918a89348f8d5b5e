package dev.amikeeper.catalog;

import dev.amikeeper.image.Region;

import java.util.List;
import java.util.Set;

/** The positions of the schedules, and the Regions in which there may be work. */
public record Bookmarks(List<Cursor> cursors, Set<Region> regions) {
    public Bookmarks {
        cursors = List.copyOf(cursors);
        regions = Set.copyOf(regions);
    }
}
