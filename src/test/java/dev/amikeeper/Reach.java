package dev.amikeeper;

import com.tngtech.archunit.core.domain.AccessTarget.CodeUnitAccessTarget;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaConstructor;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What code can reach: follows calls, references and constructors from class to class, in the class
 * files. It takes every branch, and of a method that several classes have the one of each class
 * that is constructed on the way: so it finds too much rather than too little. Calls by reflection
 * it does not see.
 */
final class Reach {
    private static final String OURS = "dev.amikeeper";

    private final Set<JavaCodeUnit> reached = new HashSet<>();
    private final Deque<JavaCodeUnit> open = new ArrayDeque<>();
    private final Set<JavaClass> made = new HashSet<>();

    /** Methods that are called on a type whose classes may be constructed later on the way. */
    private final Set<JavaMethod> called = new HashSet<>();

    private final Set<AwsCall> awsCalls = new TreeSet<>();

    private Reach() {}

    /**
     * A call of an AWS client.
     *
     * @param client as {@code Ec2Client}
     * @param call as {@code describeImages}, also where pages are asked for one by one
     * @param from the method that makes it, as {@code ImageReads.ours}
     */
    record AwsCall(String client, String call, String from) implements Comparable<AwsCall> {
        @Override
        public int compareTo(AwsCall other) {
            return toString().compareTo(other.toString());
        }

        @Override
        public String toString() {
            return from + ": " + client + "." + call;
        }
    }

    /** What a handler can come to, from the constructor that Lambda uses on. */
    static Reach of(JavaClasses classes, String handler) {
        Reach reach = new Reach();
        JavaClass start = classes.get(handler);
        reach.construct(start);
        start.getConstructors().stream()
                .filter(constructor -> constructor.getRawParameterTypes().isEmpty())
                .forEach(reach::reach);
        reach.follow();
        return reach;
    }

    /** The calls of AWS's clients on the way. */
    Set<AwsCall> awsCalls() {
        return awsCalls;
    }

    /** The methods of ours on the way that call this one of ours. */
    Set<String> calling(String method) {
        return reached.stream()
                .filter(unit -> targets(unit).anyMatch(target -> name(target).equals(method)))
                .map(Reach::name)
                .collect(Collectors.toSet());
    }

    /** The methods of ours on the way, as {@code ImageReads.ours}. */
    Set<String> methods() {
        return reached.stream().map(Reach::name).collect(Collectors.toSet());
    }

    private static String name(JavaCodeUnit unit) {
        return unit.getOwner().getSimpleName() + "." + unit.getName();
    }

    private static String name(CodeUnitAccessTarget target) {
        return target.getOwner().getSimpleName() + "." + target.getName();
    }

    private void follow() {
        while (!open.isEmpty()) {
            JavaCodeUnit from = open.poll();
            targets(from)
                    .forEach(target -> {
                        if (isAwsCall(target)) {
                            awsCalls.add(
                                    new AwsCall(
                                            target.getOwner().getName().replaceAll(".*[.]", ""),
                                            target.getName().replaceAll("Paginator$", ""),
                                            name(from)));
                        } else if (target.getOwner().getPackageName().startsWith(OURS)) {
                            target.resolveMember().ifPresent(this::call);
                        }
                    });
        }
    }

    private static boolean isAwsCall(CodeUnitAccessTarget target) {
        String owner = target.getOwner().getName();
        String name = target.getName();
        if (owner.matches("software[.]amazon[.]awssdk[.]services[.]\\w+[.]\\w+Client")) {
            return !name.equals("builder");
        }
        // Of these two IAM asks by what is in them.
        return owner.endsWith(".TransactWriteItem$Builder")
                ? !name.equals("build")
                : owner.endsWith(".QueryRequest$Builder") && name.equals("indexName");
    }

    private static Stream<? extends CodeUnitAccessTarget> targets(JavaCodeUnit from) {
        return Stream.of(
                        from.getCallsFromSelf().stream().map(call -> call.getTarget()),
                        from.getMethodReferencesFromSelf().stream()
                                .map(reference -> reference.getTarget()),
                        from.getConstructorReferencesFromSelf().stream()
                                .map(reference -> reference.getTarget()))
                .flatMap(targets -> targets);
    }

    private void call(JavaCodeUnit target) {
        reach(target);
        switch (target) {
            case JavaConstructor constructor -> construct(constructor.getOwner());
            case JavaMethod method -> {
                if (called.add(method)) {
                    made.forEach(type -> override(type, method));
                }
                staticInitialiser(method.getOwner());
            }
            default -> {}
        }
    }

    private void construct(JavaClass type) {
        if (!made.add(type)) {
            return;
        }
        staticInitialiser(type);
        List.copyOf(called).forEach(method -> override(type, method));
        // What the JDK and libraries call, as an Iterator's next; their own methods are not read.
        if (isForeign(type)) {
            type.getMethods().stream()
                    .filter(method -> method.getModifiers().contains(JavaModifier.PUBLIC))
                    .forEach(this::reach);
        }
    }

    private static boolean isForeign(JavaClass type) {
        return Stream.concat(
                        type.getAllRawInterfaces().stream(), type.getAllRawSuperclasses().stream())
                .anyMatch(parent ->
                        !parent.getPackageName().startsWith(OURS)
                                && !parent.isEquivalentTo(Object.class)
                                && !parent.isEquivalentTo(Record.class)
                                && !parent.isEquivalentTo(Enum.class));
    }

    private void override(JavaClass type, JavaMethod method) {
        if (type.isAssignableTo(method.getOwner().getName())) {
            type.getAllMethods().stream()
                    .filter(its -> its.getOwner().getPackageName().startsWith(OURS))
                    .filter(its -> its.getName().equals(method.getName()))
                    .filter(its -> fits(its, method))
                    .forEach(this::reach);
        }
    }

    /** Whether it can be the same method: where one is generic, its parameters are wider. */
    private static boolean fits(JavaMethod its, JavaMethod method) {
        List<JavaClass> own = its.getRawParameterTypes();
        List<JavaClass> asked = method.getRawParameterTypes();
        return own.size() == asked.size()
                && IntStream.range(0, own.size())
                        .allMatch(i ->
                                own.get(i).isAssignableTo(asked.get(i).getName())
                                        || asked.get(i).isAssignableTo(own.get(i).getName()));
    }

    private void staticInitialiser(JavaClass type) {
        type.getStaticInitializer().ifPresent(this::reach);
    }

    private void reach(JavaCodeUnit unit) {
        if (reached.add(unit)) {
            open.add(unit);
        }
    }
}
