module greetd

go 1.22
