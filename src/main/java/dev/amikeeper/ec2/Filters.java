package dev.amikeeper.ec2;

import software.amazon.awssdk.services.ec2.model.Filter;

import java.util.Collection;

/** Filters for EC2's reads; a filter matches any of its values. */
public final class Filters {
    private Filters() {}

    public static Filter anyOf(String name, Collection<String> values) {
        return Filter.builder().name(name).values(values).build();
    }
}
